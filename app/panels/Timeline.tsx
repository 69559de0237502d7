// The whole run as a bar: a block a command, a tick a moment, a colour a process, a cross where a
// referee found something, the other branches as lanes. It is one slider: drag it, or use the arrows.

import { type PointerEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { Session } from '../player/types.ts';
import { lanesOf, momentAt, shapeOf, xOfMoment } from './timeline.ts';
import { useSession } from './use.ts';

/** Room at both ends, so that the playhead's knob is whole on the first and the last moment. */
const ENDS = 6;
const TOP = 12;
const BLOCK = 22;
const NUMBERS = TOP + BLOCK + 13;
const LANE_TOP = NUMBERS + 7;
const LANE = 9;
const LANES_SHOWN = 2;
const HEIGHTS = { quiet: [TOP + 11, 7], tall: [TOP + 4, 14] } as const;

export function Timeline({
  session,
  label = 'Moment',
}: {
  readonly session: Session;
  readonly label?: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(684);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.max(60, Math.floor(entry.contentRect.width) - 2 * ENDS));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const outline = useSession(session, (state) => state.outline);
  const lines = useSession(session, (state) => state.lines);
  const kinds = useSession(session, (state) => state.info.kinds);
  const branches = useSession(session, (state) => state.branches);
  const branch = useSession(session, (state) => state.branch);
  const problems = useSession(session, (state) => state.problems);
  const shape = useMemo(
    () => shapeOf(outline, lines, kinds, width, HEIGHTS),
    [outline, lines, kinds, width],
  );
  const lanes = useMemo(
    () => lanesOf(branches, branch, lines, outline.length, width),
    [branches, branch, lines, outline, width],
  );
  const faults = useMemo(
    () => [
      ...new Set(
        problems.map(({ moment }) => Math.round(xOfMoment(moment, outline.length, width))),
      ),
    ],
    [problems, outline, width],
  );

  return (
    <div className="timeline" ref={box}>
      <Scrubber session={session} width={width} label={label}>
        <svg width={width + 2 * ENDS} height={74} aria-hidden="true">
          <g transform={`translate(${ENDS} 0)`}>
            {shape.blocks.map((block) => (
              <g key={block.command}>
                <rect
                  className="tl-block"
                  x={block.x + 1}
                  y={TOP}
                  width={Math.max(1, block.width - 2)}
                  height={BLOCK}
                  rx={Math.min(3, block.width / 3)}
                />
                {block.numbered && (
                  <text className="tl-number" x={block.x + block.width / 2} y={NUMBERS}>
                    {block.command}
                  </text>
                )}
              </g>
            ))}
            <CurrentBlock session={session} width={width} />
            {shape.ticks.map((ticks) => (
              <path
                key={ticks.process}
                className={`tl-ticks tl-${ticks.tone}`}
                d={ticks.path}
                strokeWidth={shape.folded ? 1 : 1.6}
              />
            ))}
            {faults.map((x) => (
              <path
                key={x}
                className="tl-fault"
                d={`M${x - 4} ${TOP - 9}l8 8m0 -8l-8 8`}
                strokeWidth={2.2}
              />
            ))}
            <Playhead session={session} width={width} />
          </g>
        </svg>
      </Scrubber>
      {lanes.length > 0 && (
        <div className="tl-lanes">
          {lanes.slice(0, LANES_SHOWN).map((lane) => (
            <button
              key={lane.name}
              type="button"
              className="tl-lane"
              data-flipped={lane.flipped || undefined}
              style={{
                left: lane.x + ENDS,
                width: lane.end - lane.x,
                top: LANE_TOP + lane.row * LANE - 8,
              }}
              title={`Switch to branch ${lane.name}`}
              aria-label={`Switch to branch ${lane.name}, which leaves after operation ${lane.shared}`}
              onClick={() => session.switchBranch(lane.name)}
            >
              <span>{lane.name}</span>
            </button>
          ))}
        </div>
      )}
      {lanes.length > LANES_SHOWN && (
        <MoreBranches
          session={session}
          hidden={lanes.length - LANES_SHOWN}
          right={lanes.slice(0, LANES_SHOWN).some((lane) => lane.x < 90)}
        />
      )}
    </div>
  );
}

/** Beyond two lanes: all branches by name. */
function MoreBranches(props: {
  readonly session: Session;
  readonly hidden: number;
  readonly right: boolean;
}) {
  const { session } = props;
  const branches = useSession(session, (state) => state.branches);
  const current = useSession(session, (state) => state.branch);
  const menu = useRef<HTMLDivElement>(null);
  const id = useId();
  return (
    <div className={`tl-more${props.right ? ' right' : ''}`}>
      <button type="button" popoverTarget={id} aria-label={`${props.hidden} more branches`}>
        +{props.hidden} more
      </button>
      <div id={id} ref={menu} popover="auto" className="menu" data-own-keys>
        <p className="menu-head">Switch to branch …</p>
        {branches.map((branch) => (
          <button
            key={branch.name}
            type="button"
            aria-pressed={branch.name === current}
            onClick={() => {
              menu.current?.hidePopover();
              session.switchBranch(branch.name);
            }}
          >
            {branch.name}
            <small>
              {branch.parent === undefined
                ? `${branch.commands} operations`
                : `leaves ${branch.parent} after ${branch.from ?? 0}`}
            </small>
          </button>
        ))}
      </div>
    </div>
  );
}

function CurrentBlock({ session, width }: { readonly session: Session; readonly width: number }) {
  const line = useSession(session, (state) => state.lines[(state.moment?.command ?? 0) - 1]);
  const length = useSession(session, (state) => state.outline.length);
  if (!line || length === 0) return null;
  const x = (line.first / length) * width;
  const wide = (line.moments / length) * width;
  return (
    <rect
      className="tl-block now"
      x={x + 1}
      y={TOP}
      width={Math.max(2, wide - 2)}
      height={BLOCK}
      rx={Math.min(3, wide / 3)}
    />
  );
}

function Playhead({ session, width }: { readonly session: Session; readonly width: number }) {
  const index = useSession(session, (state) => state.moment?.index ?? 0);
  const length = useSession(session, (state) => state.outline.length);
  const name = useSession(session, (state) => state.moment?.name);
  const x = xOfMoment(index, length, width);
  const flipped = x + 60 > width;
  return (
    <g className="tl-head" transform={`translate(${x} 0)`}>
      <line y1={6} y2={TOP + BLOCK + 4} />
      <circle cy={6} r={5} />
      {/* Its name, beside the knob that a finger covers. */}
      <text x={flipped ? -9 : 9} y={9} textAnchor={flipped ? 'end' : 'start'}>
        {name}
      </text>
    </g>
  );
}

function Scrubber(props: {
  readonly session: Session;
  readonly width: number;
  readonly label: string;
  readonly children: React.ReactNode;
}) {
  const { session, width, label } = props;
  const index = useSession(session, (state) => state.moment?.index ?? 0);
  const name = useSession(session, (state) => state.moment?.name);
  const title = useSession(session, (state) => state.moment?.caption.title);
  const length = useSession(session, (state) => state.outline.length);
  const dragging = useRef(false);
  const goTo = (event: PointerEvent<HTMLDivElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left + ENDS;
    session.seek(momentAt(event.clientX - left, length, width));
  };
  return (
    <div
      className="tl-scrub"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={1}
      aria-valuemax={Math.max(1, length)}
      aria-valuenow={index + 1}
      aria-valuetext={name === undefined ? 'no moment yet' : `${name}: ${title ?? ''}`}
      aria-orientation="horizontal"
      onPointerDown={(event) => {
        if (event.button !== 0 || length === 0) return;
        dragging.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        goTo(event);
      }}
      onPointerMove={(event) => {
        if (dragging.current) goTo(event);
      }}
      onPointerUp={() => {
        dragging.current = false;
      }}
      onPointerCancel={() => {
        dragging.current = false;
      }}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const verbs: Record<string, () => void> = {
          ArrowRight: () => (event.shiftKey ? session.nextCommand() : session.step()),
          ArrowUp: () => session.step(),
          ArrowLeft: () => (event.shiftKey ? session.previousCommand() : session.back()),
          ArrowDown: () => session.back(),
          PageUp: () => session.nextCommand(),
          PageDown: () => session.previousCommand(),
          Home: () => session.home(),
          End: () => session.end(),
          ' ': () => (session.store.getState().playing ? session.pause() : session.play()),
        };
        const verb = verbs[event.key];
        if (!verb) return;
        event.preventDefault();
        verb();
      }}
    >
      {props.children}
    </div>
  );
}
