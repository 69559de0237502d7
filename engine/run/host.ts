// What a page may ask of the worker that holds a script: open a scenario, change it, look at a
// moment. It answers with plain data; of a moment it sends only the chunks that the page has not got.
// Long work is done in slices, so that looking is possible meanwhile; changes wait for one another.

import { Complaint } from '../base/assert.ts';
import { Digest } from '../base/digest.ts';
import { LostActor } from '../base/waiting.ts';
import {
  bytesOfContent,
  changedChunks,
  chunkOf,
  type DiskImage,
  EMPTY_CONTENT,
  type FileImage,
  fileNamed,
} from '../disk/image.ts';
import { type Patch, patchBetween } from '../disk/patch.ts';
import type {
  AnyEvent,
  Caption,
  CommandSpec,
  Elsewhere,
  EventKind,
  ExportFile,
  ForeignFile,
  ForeignSource,
  FoundProblem,
  Lab,
  LabSource,
  Metric,
  Sabotage,
  Setting,
  Setup,
  SourceRef,
  TreeInfo,
} from './lab.ts';
import { headerOf, labNamedIn, settingValue, wordOf } from './scenario.ts';
import { Script } from './script.ts';
import { digestOfState, type Timeline, type Work } from './timeline.ts';

export interface LineInfo {
  readonly text: string;
  readonly first: number;
  readonly result: unknown;
}

/** A lab as data: what console, help, settings and timeline need. */
export interface LabInfo {
  readonly name: string;
  readonly chapter: number;
  readonly title: string;
  readonly settings: readonly Omit<Setting, 'valid'>[];
  readonly commands: readonly CommandSpec[];
  readonly sabotage: readonly Sabotage[];
  readonly kinds: readonly EventKind[];
  /** All that can happen after a moment can be searched. */
  readonly searches: boolean;
}

export interface BranchInfo {
  readonly name: string;
  readonly parent: string | undefined;
  readonly shared: number;
  readonly commands: number;
  readonly moments: number;
}

/** What the page draws the script from. Lines and kinds come from the given index on. */
export interface Overview {
  readonly branch: string;
  readonly branches: readonly BranchInfo[];
  readonly length: number;
  readonly linesFrom: number;
  readonly lines: readonly LineInfo[];
  readonly kindsFrom: number;
  readonly kinds: Uint8Array;
  readonly problems: readonly FoundProblem[];
  readonly digest: string;
  /** Syncs at the end of the branch: more than were kept means that there is something to keep. */
  readonly syncs: number;
  /** Workers in which actors of the lab live by now. */
  readonly actors: number;
}

export interface Opened extends Overview {
  readonly info: LabInfo;
  readonly setup: Setup;
  readonly title: string;
  readonly prose: readonly string[];
  /** Index to open at, of the moment that the text names. */
  readonly at: number | undefined;
  /** The branches that the text wants to be compared. */
  readonly compare: readonly [string, string] | undefined;
}

export interface Frame {
  readonly index: number;
  readonly name: string;
  readonly command: number;
  readonly step: number;
  readonly event: AnyEvent;
  readonly caption: Caption;
  readonly value: unknown;
  readonly metrics: readonly Metric[];
  readonly source: SourceRef;
  readonly problems: readonly FoundProblem[];
  /** Against the image of the frame that was sent before this one. */
  readonly patch: Patch;
}

/** What a sync made durable, against what was kept last: to be stored with the script so far. */
export interface Kept {
  /** The script up to the command that synced last. */
  readonly text: string;
  readonly branch: string;
  /** What the branch on screen did after it: lost if the tab dies now. */
  readonly tail: readonly string[];
  readonly syncs: number;
  readonly digest: string;
  readonly files: readonly {
    readonly name: string;
    readonly size: number;
    readonly chunkSize: number;
    readonly chunks: readonly (readonly [number, Uint8Array])[];
  }[];
  /** All chunks are there, not only what changed: a reader begins with empty files. */
  readonly whole: boolean;
}

/** Metrics over the branch on screen, at moments evenly spread over it. */
export interface Series {
  /** Indices of the moments that were looked at. */
  readonly moments: readonly number[];
  readonly metrics: readonly {
    readonly name: string;
    readonly unit: string;
    /** One a moment; undefined where the lab did not count it then. */
    readonly values: readonly (number | undefined)[];
  }[];
}

/** How far a long run has come. */
export interface Progress {
  readonly commands: number;
  readonly moments: number;
}

/** Workers of a lab's actors. */
export type Actors = Elsewhere & { on: boolean; readonly size: number; end(): void };

/** A command's first reactions come from the actors' own workers; a long one goes on in line. */
const LIVE_REACTIONS = 2000;

export interface HostOptions {
  /** Lets other messages in; a slice of work lasts until `due` says so. */
  readonly pause: () => Promise<void>;
  readonly due: () => boolean;
  /** Where the actors of a lab live, if elsewhere: asked for what is done live, not for what is done again. */
  readonly actors?: (lab: string) => Promise<Actors | undefined>;
  /** Called in the midst of long work, at every slice: how far the branch at work has come. */
  readonly news: (progress: Progress) => void;
}

export function hostOf(labs: LabSource, options: HostOptions) {
  let script: Script | undefined;
  let branch = 'main';
  let sent: DiskImage | undefined;
  let keptImage: DiskImage | undefined;
  /** How much of the lines and kinds the page has, of the branch it last saw. */
  let seen = { branch: '', lines: 0, kinds: 0 };
  let queue: Promise<unknown> = Promise.resolve();
  let seriesAsked = 0;
  let actors: Actors | undefined;

  /** Does it live: actors that have workers of their own are asked there. */
  async function live(work: () => Work): Promise<void> {
    if (actors) actors.on = true;
    try {
      await drain(work());
    } finally {
      if (actors) actors.on = false;
    }
  }

  function current(): Script {
    if (!script) throw new Complaint('no scenario is open');
    return script;
  }

  /** Changes wait for one another; looking does not wait. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(work, work);
    queue = turn.catch(() => {});
    return turn;
  }

  async function drain(
    work: Work,
    at: () => Timeline = () => current().timeline(branch),
  ): Promise<void> {
    let asked = 0;
    for (;;) {
      const { done, value } = work.next();
      if (done) return;
      if (value) {
        try {
          await value;
        } catch (thrown) {
          work.return();
          throw thrown;
        }
        if (++asked > LIVE_REACTIONS && actors) actors.on = false;
      }
      if (!options.due()) continue;
      const timeline = at();
      options.news({ commands: timeline.commands.length, moments: timeline.length });
      await options.pause();
    }
  }

  function overview(from: { lines: number; kinds: number } = { lines: 0, kinds: 0 }): Overview {
    const all = current();
    const timeline = all.timeline(branch);
    const image = all.lab.disk(timeline.end);
    const info: Overview = {
      branch,
      branches: all.names.map((name) => ({
        name,
        parent: all.parentOf(name),
        shared: all.sharedWithParent(name),
        commands: all.timeline(name).commands.length,
        moments: all.timeline(name).length,
      })),
      length: timeline.length,
      linesFrom: from.lines,
      lines: timeline.commands
        .slice(from.lines)
        .map(({ text, firstMoment, result }) => ({ text, first: firstMoment, result })),
      kindsFrom: from.kinds,
      kinds: timeline.kinds(from.kinds),
      problems: timeline.problems,
      digest: timeline.digest(),
      syncs: image.syncs,
      actors: actors?.size ?? 0,
    };
    seen = { branch, lines: timeline.commands.length, kinds: timeline.length };
    return info;
  }

  /** After an append only what is new; after anything else all of it. */
  const since = (before: typeof seen) =>
    overview(before.branch === branch ? { lines: before.lines, kinds: before.kinds } : undefined);

  function durablePart() {
    const all = current();
    const { commands, durableCommands } = all.timeline(branch);
    return {
      text: all.text(undefined, { branch, commands: durableCommands }),
      branch,
      tail: commands.slice(durableCommands).map(({ text }) => text),
    };
  }

  return {
    /** Replaces everything by a scenario. A complaint leaves what was open as it was. */
    open: (text: string, file?: ForeignSource, toBranch?: string): Promise<Opened> =>
      inTurn(async () => {
        const name = labNamedIn(text);
        const known = name && labs.names.includes(name) ? name : undefined;
        const atHand = known ? [await labs.load(known, file !== undefined, text)] : [];
        const asks = known ? await options.actors?.(known) : undefined;
        const given = { ...(file && { foreign: file }), ...(asks && { elsewhere: asks }) };
        const next = new Script(text, atHand, given, labs.names);
        // Until it is whole, what was open can be looked at.
        await drain(next.work(), () => next.timeline('main'));
        actors?.end();
        actors = asks;
        script = next;
        branch = 'main';
        sent = undefined;
        keptImage = undefined;
        const { setup, title, prose, at, compare } = next.scenario;
        const wanted = toBranch ?? at?.branch;
        if (wanted && next.names.includes(wanted)) branch = wanted;
        const index = at && next.timeline(branch).indexOf(at.command, at.step);
        return { info: infoOf(next.lab), setup, title, prose, at: index, compare, ...overview() };
      }),

    /** Adds lines at the end of the branch on screen. */
    append: (lines: readonly string[]): Promise<Overview> =>
      inTurn(async () => {
        const before = seen;
        const texts = current()
          .timeline(branch)
          .commands.map(({ text }) => text);
        try {
          await live(() => current().rewrite(branch, [...texts, ...lines]));
        } catch (thrown) {
          // The page lives on: a node whose worker is gone has crashed, and the script says so.
          if (!(thrown instanceof LostActor)) throw thrown;
          await drain(current().rewrite(branch, [...texts, `crash ${thrown.actor}`]));
        }
        current().timeline(branch).judgeEnd();
        return since(before);
      }),

    /** Gives the branch on screen another list of commands; what both begin with is kept. */
    rewrite: (lines: readonly string[]): Promise<Overview> =>
      inTurn(async () => {
        await drain(current().rewrite(branch, lines));
        current().timeline(branch).judgeEnd();
        return overview();
      }),

    /** Runs all again under another setup: one setting, one switch or the seed changed. */
    setUp: (change: {
      setting?: { name: string; value: string };
      sabotage?: { name: string; on: boolean };
      seed?: number;
    }): Promise<string> =>
      inTurn(async () => {
        const all = current();
        const { setup } = all.scenario;
        const settings = { ...setup.settings };
        let sabotage = [...setup.sabotage];
        if (change.setting) {
          const { name, value } = change.setting;
          const setting = all.lab.settings.find((known) => known.name === name);
          if (!setting) throw new Complaint(`${all.lab.name} has no setting ${name}`);
          settings[name] = settingValue(setting, value);
        }
        if (change.sabotage) {
          const { name, on } = change.sabotage;
          sabotage = sabotage.filter((other) => other !== name);
          if (on) sabotage.push(name);
        }
        const next: Setup = { ...setup, settings, sabotage, seed: change.seed ?? setup.seed };
        const { title, prose } = all.scenario;
        const old = headerOf(all.lab, setup, { title, prose }).length;
        const body = all.text().split('\n').slice(old);
        const head = headerOf(all.lab, next, { title, prose });
        return [...head, ...body].join('\n');
      }),

    /** The hashes of the file that is open are known now. */
    identify: (file: ForeignFile): void => current().identify(file),

    fork: (name: string | undefined, from: number, lines: readonly string[]): Promise<Overview> =>
      inTurn(async () => {
        const free = name ?? current().freeName('what if');
        await drain(current().grow(free, branch, from, lines));
        branch = free;
        current().timeline(branch).judgeEnd();
        return overview();
      }),

    /**
     * A branch that leaves the one on screen after a moment, wherever in its command that is, and
     * goes on with these lines.
     */
    forkAt: (index: number, lines: readonly string[]): Promise<Overview> =>
      inTurn(async () => {
        const all = current();
        const { command, step } = all.timeline(branch).at(index);
        const recorded = all.timeline(branch).commands[command - 1];
        const next = all.timeline(branch).commands[command];
        const last = !recorded || index === (next?.firstMoment ?? all.timeline(branch).length) - 1;
        const first = last ? [] : [all.lab.part?.(recorded.command, step)];
        if (first.some((line) => line === undefined))
          throw new Complaint(
            `${recorded?.text} is one thing: nothing can be done in its midst, only before it or after it`,
          );
        const free = all.freeName('what if');
        const from = last ? command : command - 1;
        await live(() => all.grow(free, branch, from, [...(first as string[]), ...lines]));
        branch = free;
        all.timeline(branch).judgeEnd();
        return overview();
      }),

    /**
     * The events of moments `from` up to, not including, `to`, of the branch on screen. At most
     * a few thousand at a time: they are found by running again.
     */
    events: (from: number, to: number): AnyEvent[] => {
      const timeline = current().timeline(branch);
      return timeline.events(Math.max(0, from), Math.min(to, timeline.length, from + 4096));
    },

    switchTo: (name: string): Promise<Overview> =>
      inTurn(async () => {
        current().timeline(name);
        branch = name;
        return overview();
      }),

    removeBranch: (name: string): Promise<Overview> =>
      inTurn(async () => {
        const parent = current().parentOf(name);
        current().remove(name);
        if (branch === name) branch = parent ?? 'main';
        return overview();
      }),

    difference: (a: string, b: string): number | undefined => current().difference(a, b),

    frame: (index: number): Frame => {
      const { lab } = current();
      const timeline = current().timeline(branch);
      const moment = timeline.at(Math.max(0, Math.min(index, timeline.length - 1)));
      const image = lab.disk(moment.state);
      const patch = patchBetween(sent, image);
      const frame = {
        index: moment.index,
        name: `${moment.command}.${moment.step}`,
        command: moment.command,
        step: moment.step,
        event: moment.event,
        caption: lab.describe(moment.event, moment.state),
        value: lab.value(moment.state),
        metrics: lab.metrics(moment.state),
        source: lab.sourceOf(moment.event.kind),
        problems: timeline.problemsAt(moment.index),
        patch,
      };
      // Last: a frame that could not be made was not sent, and the next must not stand on it.
      sent = image;
      return frame;
    },

    /**
     * The lab's metrics over time. Nothing when a newer request came meanwhile, or the script
     * changed: what would be said holds no longer.
     */
    series: async (samples: number): Promise<Series | undefined> => {
      const turn = ++seriesAsked;
      const all = current();
      const timeline = all.timeline(branch);
      const { length } = timeline;
      const holds = () =>
        turn === seriesAsked &&
        script === all &&
        all.names.includes(branch) &&
        all.timeline(branch) === timeline &&
        timeline.length === length;
      const count = Math.max(1, Math.min(samples, length));
      const moments = Array.from({ length: count }, (_, i) =>
        Math.round((i * (length - 1)) / Math.max(1, count - 1)),
      );
      const found = new Map<
        string,
        { name: string; unit: string; values: (number | undefined)[] }
      >();
      for (const [at, index] of moments.entries()) {
        for (const { name, unit, value } of all.lab.metrics(timeline.at(index).state)) {
          const known = found.get(name) ?? { name, unit, values: Array(count).fill(undefined) };
          found.set(name, known);
          known.values[at] = value;
        }
        if (!options.due()) continue;
        await options.pause();
        if (!holds()) return undefined;
      }
      return { moments, metrics: [...found.values()] };
    },

    /** What an opened file holds, where the lab lets one choose. */
    trees: (): Promise<TreeInfo[]> =>
      inTurn(async () => {
        const all = current();
        return all.lab.trees?.(all.timeline(branch).end) ?? [];
      }),

    /** Chunks of a file that is read from elsewhere: the page asks for what it is about to draw. */
    chunks: (name: string, wanted: readonly number[]): [number, Uint8Array][] => {
      const image = current().lab.disk(current().timeline(branch).end);
      const file = fileNamed(image, name);
      const last = Math.ceil((file?.now.size ?? 0) / (file?.chunkSize ?? 1));
      return wanted.flatMap((index): [number, Uint8Array][] =>
        file?.source && index >= 0 && index < last ? [[index, file.source.chunk(index)]] : [],
      );
    },

    /** After a lost message or a reload of the page's side: the next frame is sent whole. */
    forget: (): void => {
      sent = undefined;
    },

    find: (kinds: readonly string[], from: number, direction: 1 | -1): number | undefined =>
      current().timeline(branch).find(kinds, from, direction),

    indexOf: (command: number, step: number): number =>
      current().timeline(branch).indexOf(command, step),

    /** The whole scenario as text; `at`: the moment of the branch on screen to open at. */
    text: (at?: string): string =>
      current().text(at && (branch === 'main' ? at : `${at} on ${wordOf(branch)}`)),

    /**
     * What the branch on screen did after its last sync; and the script up to it, which tells
     * whether what was kept is still what is durable.
     */
    tail: (): Promise<{ text: string; branch: string; tail: readonly string[] }> =>
      inTurn(async () => durablePart()),

    /** `alone`: in one file that needs none beside it, where the lab can. */
    exports: (alone = false): Promise<ExportFile[]> =>
      inTurn(async () => {
        const all = current();
        const { end } = all.timeline(branch);
        return alone && all.lab.exportsAlone ? all.lab.exportsAlone(end) : all.lab.exports(end);
      }),

    /** What is durable at the end of the branch on screen and was not kept yet. */
    keep: (whole: boolean): Promise<Kept> =>
      inTurn(async () => {
        const all = current();
        const image = all.lab.disk(all.timeline(branch).end);
        const part = filesSince(whole ? undefined : keptImage, image);
        keptImage = image;
        return {
          ...durablePart(),
          syncs: image.syncs,
          digest: durableDigest(image),
          ...part,
        };
      }),

    /** Whether a power cut at the end of the branch on screen would lose anything. */
    wouldLose: (): Promise<boolean> =>
      inTurn(async () => {
        const all = current();
        return all.lab.wouldLose?.(all.timeline(branch).end) ?? false;
      }),

    /** The digest of what is durable at the end of the branch on screen. */
    durableDigest: (): Promise<string> =>
      inTurn(async () => {
        const all = current();
        return durableDigest(all.lab.disk(all.timeline(branch).end));
      }),

    digestAt: (index: number): string => {
      const all = current();
      return digestOfState(all.lab, all.timeline(branch).at(index).state);
    },
  };
}

interface KeptFile {
  readonly name: string;
  readonly image: FileImage;
}

function durableFiles(image: DiskImage): KeptFile[] {
  const files: KeptFile[] = [];
  for (const [name, id] of image.syncedNames) {
    const file = image.files.get(id);
    if (file && file.kind === 'durable' && !file.source) files.push({ name, image: file });
  }
  return files;
}

/**
 * The durable files, with the chunks that changed since `before`. The reader lays them over what it
 * has, file by file in this order; where that would not do, because a file went or changed its
 * place, all is sent anew.
 */
function filesSince(
  before: DiskImage | undefined,
  image: DiskImage,
): Pick<Kept, 'files' | 'whole'> {
  const files = durableFiles(image);
  const older = before && durableFiles(before);
  const overlays = older?.every(
    (old, i) => old.name === files[i]?.name && old.image.chunkSize === files[i]?.image.chunkSize,
  );
  const base = overlays ? older : undefined;
  return {
    files: files.map(({ name, image: { synced, chunkSize } }, i) => {
      const old = base?.[i]?.image.synced ?? EMPTY_CONTENT;
      const chunks = [...changedChunks(old, synced)].map(
        (index) => [index, chunkOf(synced, index) as Uint8Array] as const,
      );
      // A hole says nothing by itself: over what may lie there already it is zeros.
      for (let at = 0; base && old.blocks !== synced.blocks && at * chunkSize < synced.size; at++)
        if (!chunkOf(synced, at) && (chunkOf(old, at) || (at + 1) * chunkSize > old.size))
          chunks.push([at, new Uint8Array(chunkSize)]);
      return { name, size: synced.size, chunkSize, chunks };
    }),
    whole: base === undefined,
  };
}

function infoOf(lab: Lab): LabInfo {
  const { name, chapter, title, settings, commands, sabotage, kinds } = lab;
  return {
    name,
    chapter,
    title,
    settings: settings.map(({ valid: _, ...plain }) => plain),
    commands,
    sabotage,
    kinds,
    searches: lab.search !== undefined,
  };
}

export type Host = ReturnType<typeof hostOf>;

/** A digest over synced names and contents alone: what a reader finds after the power comes back. */
export function durableDigest(image: DiskImage): string {
  const digest = new Digest();
  for (const name of [...image.syncedNames.keys()].sort()) {
    const file = image.files.get(image.syncedNames.get(name) as number);
    if (!file || file.kind === 'memory' || file.source) continue;
    digest.value(name).value(file.synced.size).raw(bytesOfContent(file, file.synced));
  }
  return digest.finish();
}
