// The bytes of what is selected: its header decoded, its layout as a bar to scale, the selected
// region's fields, and every byte in hex. One selection runs through all four and the stage.

import { ChevronLeft, ChevronRight } from 'lucide-react';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { Session, ShownMoment } from '../player/types.ts';
import type { Inspect, Inspected, InspectedRegion, Layer } from '../scene/inspect.ts';
import { countChanged, hexRows, offsetText, runsOf } from './hex.ts';
import { preferences, usePreference } from './preferences.ts';
import { useSession } from './use.ts';

/** The moment on screen, and the one of the same run that was there before it. */
function useTwoMoments(session: Session) {
  const moment = useSession(session, (state) => state.moment);
  const setup = useSession(session, (state) => state.setup);
  const [pair, setPair] = useState<{
    setup?: typeof setup;
    now?: ShownMoment;
    before?: ShownMoment;
    /** `now` is of the run before: it says nothing about the one that was opened since. */
    stale?: boolean;
  }>({});
  if (pair.setup !== setup)
    setPair({ setup, ...(moment && { now: moment }), stale: pair.setup !== undefined });
  else if (pair.now !== moment) {
    const before = pair.stale ? undefined : pair.now;
    setPair({ setup, ...(moment && { now: moment }), ...(before && { before }) });
  }
  if (pair.setup !== setup) return { moment, before: undefined };
  return { moment, before: pair.now === moment ? pair.before : pair.now };
}

export function useInspected(
  session: Session,
  inspect: Inspect,
  layer: Layer,
): Inspected | undefined {
  const moment = useSession(session, (state) => state.moment);
  const selection = useSession(session, (state) => state.selection);
  return useMemo(
    () => moment && inspect(moment, selection, layer),
    [moment, selection, layer, inspect],
  );
}

export function Bytes({
  session,
  inspect,
}: {
  readonly session: Session;
  readonly inspect: Inspect;
}) {
  const [layer, setLayer] = useState<Layer>('memory');
  const { before } = useTwoMoments(session);
  const seen = useInspected(session, inspect, layer);
  const wants = seen?.wants;
  useEffect(() => {
    if (wants) session.want(wants.file, wants.chunks);
  }, [session, wants]);
  const chosen = useSession(session, (state) => state.bytes);
  const perRow = usePreference('bytesARow');
  const earlier = useMemo(
    () => (seen && before ? inspect(before, seen.key, layer).bytes : undefined),
    [seen, before, layer, inspect],
  );
  if (!seen) return <p className="panel-empty">No moment is on screen yet.</p>;

  const lit =
    chosen ?? seen.regions.find((region) => region.key !== undefined && region.key === seen.inside);
  const region = lit && seen.regions.find(({ from, to }) => from <= lit.from && lit.from < to);
  const changes = seen.bytes ? countChanged(seen.bytes, earlier) : 0;
  const choose = (picked: InspectedRegion, range?: { from: number; to: number }) => {
    session.select(picked.key ?? seen.key);
    session.selectBytes(range ?? { from: picked.from, to: picked.to });
  };
  return (
    <div className="bytes">
      <div className="bytes-bar">
        <button
          type="button"
          className="icon-btn"
          aria-label="The page before"
          disabled={seen.previous === undefined}
          onClick={() => session.select(seen.previous)}
        >
          <ChevronLeft aria-hidden size={16} />
        </button>
        <button
          type="button"
          className="icon-btn"
          aria-label="The next page"
          disabled={seen.next === undefined}
          onClick={() => session.select(seen.next)}
        >
          <ChevronRight aria-hidden size={16} />
        </button>
        <fieldset className="segmented">
          <legend className="sr-only">Which copy of the page</legend>
          {(['memory', 'file'] as const).map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="layer"
                checked={layer === name}
                onChange={() => setLayer(name)}
              />
              <span>{name === 'memory' ? 'in memory' : 'in the file'}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {seen.durability && (
        <p className={`durability${seen.durability.startsWith('the same') ? ' same' : ''}`}>
          {seen.durability}
        </p>
      )}
      <h3>{seen.heading}</h3>
      {seen.why && <p className="panel-empty">{seen.why}</p>}
      {seen.summary.length > 0 && (
        <dl className="fields">
          {seen.summary.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {seen.bytes && (
        <>
          <LayoutBar
            length={seen.bytes.length}
            regions={seen.regions}
            lit={region}
            onChoose={choose}
          />
          {region && <RegionFields region={region} lit={chosen} onChoose={choose} />}
          <div className="hex-head">
            <h3>bytes</h3>
            {changes > 0 && before && (
              <span className="hex-changes">
                {changes} changed since {before.name}
              </span>
            )}
            <button
              type="button"
              className="btn small"
              aria-pressed={perRow === 16}
              title="Bytes in a row"
              onClick={() => preferences.setState({ bytesARow: perRow === 8 ? 16 : 8 })}
            >
              {perRow === 8 ? '16 a row' : '8 a row'}
            </button>
          </div>
          <Hex
            bytes={seen.bytes}
            before={earlier}
            regions={seen.regions}
            perRow={perRow}
            lit={lit}
            onChoose={choose}
          />
        </>
      )}
    </div>
  );
}

/** The page to scale. A picture: the same can be chosen in the hex view below. */
function LayoutBar(props: {
  readonly length: number;
  readonly regions: readonly InspectedRegion[];
  readonly lit: InspectedRegion | undefined;
  readonly onChoose: (region: InspectedRegion) => void;
}) {
  const { length, regions } = props;
  return (
    <div className="layout">
      <div className="layout-bar">
        {regions.map((region) => (
          <button
            key={region.from}
            type="button"
            tabIndex={-1}
            aria-hidden="true"
            className={`tone-${region.tone}${region === props.lit ? ' lit' : ''}`}
            style={{
              left: `${(region.from / length) * 100}%`,
              width: `${((region.to - region.from) / length) * 100}%`,
            }}
            title={`${region.label}: ${region.from} to ${region.to - 1}`}
            onClick={() => props.onChoose(region)}
          />
        ))}
      </div>
      <p className="layout-scale">
        <span>0</span>
        <span>{length}</span>
      </p>
    </div>
  );
}

function RegionFields(props: {
  readonly region: InspectedRegion;
  readonly lit: { readonly from: number; readonly to: number } | undefined;
  readonly onChoose: (region: InspectedRegion, range: { from: number; to: number }) => void;
}) {
  const { region, lit } = props;
  return (
    <section className={`region tone-${region.tone}`} aria-label={region.label}>
      <h3>
        {region.label}
        <small>
          {region.to - region.from} bytes at {region.from}
        </small>
      </h3>
      {region.fault && <p className="is-fault">{region.fault}</p>}
      {region.fields?.slice(0, 60).map((field) => (
        <button
          key={`${field.from}:${field.name}`}
          type="button"
          className="field"
          title={field.help}
          aria-pressed={lit?.from === field.from && lit.to === field.to}
          onClick={() => props.onChoose(region, { from: field.from, to: field.to })}
        >
          <span>{field.name}</span>
          <code>{field.value}</code>
        </button>
      ))}
    </section>
  );
}

/**
 * One tab stop; ← → ↑ ↓ go by byte and by row, Enter chooses the region under the cursor. Choosing
 * lights the cell on the stage.
 */
function Hex(props: {
  readonly bytes: Uint8Array;
  readonly before: Uint8Array | undefined;
  readonly regions: readonly InspectedRegion[];
  readonly perRow: number;
  readonly lit: { readonly from: number; readonly to: number } | undefined;
  readonly onChoose: (region: InspectedRegion, range?: { from: number; to: number }) => void;
}) {
  const { bytes, before, regions, perRow, lit } = props;
  const [open, setOpen] = useState(false);
  const [cursor, setCursor] = useState<number>();
  const box = useRef<HTMLDivElement>(null);
  // Big pages are shown in parts: a hex view of 65,536 bytes helps nobody at once.
  const [shownRows, setShownRows] = useState(160);
  const rows = useMemo(
    () => hexRows({ bytes, before, regions, bytesARow: perRow, foldRows: open ? 0 : 4 }),
    [bytes, before, regions, perRow, open],
  );
  // Runs also part where the light or the cursor begins and ends.
  const cuts = new Set([
    ...(lit ? [lit.from, lit.to] : []),
    ...(cursor === undefined ? [] : [cursor, cursor + 1]),
  ]);
  const regionAt = (offset: number) =>
    regions.find(({ from, to }) => from <= offset && offset < to);
  useEffect(() => {
    // What lights up elsewhere comes into sight here, without taking the focus.
    if (lit === undefined) return;
    box.current
      ?.querySelector(`[data-row="${Math.floor(lit.from / perRow) * perRow}"]`)
      ?.scrollIntoView({ block: 'nearest' });
  }, [lit, perRow]);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = cursor ?? lit?.from ?? 0;
    const to: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + perRow,
      ArrowUp: at - perRow,
      Home: 0,
      End: bytes.length - 1,
    };
    if (event.key === 'Enter' || event.key === ' ') {
      const region = regionAt(at);
      if (region) props.onChoose(region);
    } else if (to[event.key] !== undefined && !event.shiftKey) {
      setOpen(true);
      setShownRows((was) => Math.max(was, Math.ceil((to[event.key] ?? 0) / perRow) + 40));
      setCursor(Math.min(bytes.length - 1, Math.max(0, to[event.key] ?? 0)));
    } else return;
    event.preventDefault();
  };
  const at = cursor === undefined ? undefined : regionAt(cursor);
  return (
    <>
      <div
        ref={box}
        className={`hex per-${perRow}`}
        role="application"
        aria-roledescription="hex view"
        aria-label="Bytes. Arrows move by byte and row, Enter chooses the region"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: one tab stop for all bytes
        tabIndex={0}
        onKeyDown={onKeyDown}
        onBlur={() => setCursor(undefined)}
      >
        {rows.slice(0, shownRows).map((row) =>
          row.kind === 'fold' ? (
            <button
              key={row.offset}
              type="button"
              tabIndex={-1}
              className="hex-fold"
              onClick={() => setOpen(true)}
            >
              … {row.rows} rows of zeros
            </button>
          ) : (
            <div key={row.offset} className="hex-row" data-row={row.offset}>
              <span className="hex-offset">{offsetText(row.offset)}</span>
              {(['hex', 'text'] as const).map((column) => (
                <span key={column} className={`hex-${column}`}>
                  {runsOf(row.bytes, cuts).map((run) => {
                    const region = regions[run.region];
                    const isLit = lit !== undefined && run.from >= lit.from && run.to <= lit.to;
                    const isCursor = run.from === cursor && run.to === cursor + 1;
                    return (
                      // biome-ignore lint/a11y/useKeyWithClickEvents: the whole view takes the keys
                      // biome-ignore lint/a11y/noStaticElementInteractions: a run of bytes is no control
                      <span
                        key={run.from}
                        className={`tone-${region?.tone ?? 'free'}${run.changed ? ' changed' : ''}${isLit ? ' lit' : ''}${isCursor ? ' cursor' : ''}`}
                        title={region?.label}
                        onClick={() => region && props.onChoose(region)}
                      >
                        {run[column]}
                      </span>
                    );
                  })}
                </span>
              ))}
            </div>
          ),
        )}
      </div>
      {rows.length > shownRows && (
        <button
          type="button"
          className="btn small more"
          onClick={() => setShownRows((was) => was + 512)}
        >
          {rows.length - shownRows} more rows
        </button>
      )}
      <p className="sr-only" role="status">
        {cursor !== undefined &&
          `byte ${cursor}: ${(bytes[cursor] ?? 0).toString(16).padStart(2, '0')}, ${at?.label ?? ''}`}
      </p>
    </>
  );
}
