/**
 * The statistics of the bench. A machine that others use as well moves by tens of percent from one
 * second to the next, so no single figure means much: what is compared is run in turns (A B, B A, …),
 * a ratio is taken within each turn, and the median of the ratios is what is said.
 */

export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly samples: readonly number[];
}

/** The value below which `part` of the values lie, between two of them where need be. */
export function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new Error('no values, no quantile');
  const sorted = [...values].sort((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}

export function summary(samples: readonly number[]): Summary {
  return {
    median: quantile(samples, 0.5),
    least: quantile(samples, 0),
    most: quantile(samples, 1),
    samples,
  };
}

/** Ours over the peer's, turn by turn: what the n-th turn's noise did to both cancels out. */
export function ratios(ours: readonly number[], peer: readonly number[]): Summary {
  if (ours.length !== peer.length)
    throw new Error(`${ours.length} turns against ${peer.length}: a ratio is taken within a turn`);
  return summary(ours.map((value, turn) => value / (peer[turn] as number)));
}

export type Target = ({ readonly atMost: number } | { readonly atLeast: number }) & {
  /** How coarse the measuring itself is, as a part: 0.03 lets 0.97 pass for 1. */
  readonly within?: number;
};

export function holds(target: Target, value: number): boolean {
  const { within = 0 } = target;
  return 'atMost' in target
    ? value <= target.atMost * (1 + within)
    : value >= target.atLeast * (1 - within);
}

/**
 * Runs every variant once a turn, forward and backward by turns, after a first turn that only warms
 * up; hands out what each said, turn by turn.
 */
export async function inTurns<K extends string, T>(
  turns: number,
  variants: Readonly<Record<K, () => T | Promise<T>>>,
): Promise<Record<K, T[]>> {
  const names = Object.keys(variants) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, T[]>;
  for (let turn = -1; turn < turns; turn++)
    for (const name of turn % 2 === 0 ? names : names.toReversed()) {
      const said = await variants[name]();
      if (turn >= 0) samples[name].push(said);
    }
  return samples;
}

// ── Figures: what a line has to say ─────────────────────────────────────────────────────────────

/** One row of the table. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly ours: Summary;
  readonly peer?: { readonly name: string; readonly theirs: Summary; readonly ratio: Summary };
  /** On the ratio where there is a peer, else on our median. */
  readonly target?: Target;
  /** The issue that sets the target. Targets of later issues are shown and not demanded. */
  readonly issue?: number;
  /** How many rows, pages, … it was measured with: for a plot of cost against size. */
  readonly size?: number;
  readonly note?: string;
}

/** Targets up to this issue must hold; the later ones are information. */
export const DEMANDED = 2;

export type Verdict = 'holds' | 'falls short' | 'would hold' | 'not yet' | '';

export function verdict({ ours, peer, target, issue = DEMANDED }: Figure): Verdict {
  if (!target) return '';
  const good = holds(target, peer ? peer.ratio.median : ours.median);
  if (issue <= DEMANDED) return good ? 'holds' : 'falls short';
  return good ? 'would hold' : 'not yet';
}

/** Three digits that matter: `0.0123`, `4.56`, `78.9`, `1,234`, `347k`, `1.20M`. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${(value / 1e6).toFixed(size >= 99.95e6 ? 0 : 2)}M`;
  if (size >= 9_995) return `${(value / 1e3).toFixed(size >= 99_950 ? 0 : 1)}k`;
  if (size >= 999.5) return Math.round(value).toLocaleString('en');
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}

const spread = ({ median, least, most, samples }: Summary): string =>
  samples.length > 1 ? `${short(median)} (${short(least)}–${short(most)})` : short(median);

const told = (target: Target): string =>
  'atMost' in target ? `≤ ${short(target.atMost)}` : `≥ ${short(target.atLeast)}`;

/** The figures of one line as a table: medians, in brackets the least and the most. */
export function table(figures: readonly Figure[]): string {
  const rows = [['', 'unit', 'ours', 'peer', 'its figure', 'ours / peer', 'target', '']];
  for (const figure of figures) {
    const { what, unit, ours, peer, target, issue } = figure;
    const of = target && issue !== undefined && issue > DEMANDED ? `, issue ${issue}` : '';
    rows.push([
      what,
      unit,
      spread(ours),
      peer?.name ?? '',
      peer ? spread(peer.theirs) : '',
      peer ? `${spread(peer.ratio)}x` : '',
      target ? `${told(target)}${peer ? 'x' : ''}${of}` : '',
      verdict(figure),
    ]);
  }
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  const used = widths.map((_, column) => rows.slice(1).some((row) => row[column] !== ''));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] as number))
        .filter((_, column) => used[column])
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What a row costs in µs, by store and number of rows: of the figures `WHAT, N rows`, rates a second. */
export function costs(figures: readonly Figure[], of: string): Map<string, [number, number][]> {
  const series = new Map<string, [number, number][]>([['ours', []]]);
  for (const { what, ours, peer, size } of figures) {
    if (!peer || !size || !what.startsWith(`${of},`)) continue;
    const own = series.get('ours') as [number, number][];
    if (own.at(-1)?.[0] !== size) own.push([size, 1e6 / ours.median]);
    const theirs = series.get(peer.name) ?? [];
    theirs.push([size, 1e6 / peer.theirs.median]);
    series.set(peer.name, theirs);
  }
  return series;
}

/**
 * A plot in text: a line a size, a letter a series (`a` is the first), cost growing to the right on a
 * logarithmic scale. Where two fall together the earlier letter stands.
 */
export function plot(
  title: string,
  series: ReadonlyMap<string, readonly (readonly [size: number, cost: number])[]>,
  width = 64,
): string {
  const names = [...series.keys()];
  const costs = [...series.values()].flatMap((points) => points.map(([, cost]) => cost));
  const sizes = [
    ...new Set([...series.values()].flatMap((points) => points.map(([size]) => size))),
  ];
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  const columnOf = (cost: number): number =>
    most === least
      ? 0
      : Math.round(((width - 1) * Math.log(cost / least)) / Math.log(most / least));
  const label = (size: number) => short(size).padStart(9);
  const lines = sizes
    .sort((a, b) => a - b)
    .map((size) => {
      const line = Array<string>(width).fill('·');
      for (const [i, name] of [...names.entries()].reverse()) {
        const point = series.get(name)?.find(([at]) => at === size);
        if (point) line[columnOf(point[1])] = String.fromCharCode(97 + i);
      }
      return `${label(size)} ${line.join('')}`;
    });
  const ends = `${' '.repeat(10)}${short(least).padEnd(width - short(most).length)}${short(most)}`;
  const key = names.map((name, i) => `${String.fromCharCode(97 + i)} ${name}`).join('   ');
  return [title, ...lines, ends, `          ${key}`].join('\n');
}
