// The words for each moment of the LSM lab: the caption on the stage, what a screen reader says, and
// what golden scripts record. Each is true of the bytes at that moment, and has its numbers.

import type { Bytes } from '../base/bytes.ts';
import { fileNamed } from '../disk/image.ts';
import { shownKey } from '../lsm/check.ts';
import { limitOf } from '../lsm/compaction.ts';
import { type LsmEvent, skipListOf, tableNumbered } from '../lsm/events.ts';
import { arenaName, bytesOfLevel, logName, manifestName } from '../lsm/format.ts';
import { userKeyOf } from '../lsm/key.ts';
import type { Caption, Words } from '../run/lab.ts';
import type { LsmState } from './lsm.ts';
import { metrics } from './lsm-metrics.ts';
import { commands, settings } from './lsm-settings.ts';

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
const isAre = (n: number): string => (n === 1 ? 'is' : 'are');
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const key = (bytes: Bytes): string => (bytes.length === 0 ? 'the empty key' : shownKey(bytes));

function listed(items: readonly (string | number)[], most = 5): string {
  if (items.length <= most) {
    const [last, ...before] = [...items].reverse();
    if (before.length === 0) return `${last ?? 'none'}`;
    return `${before.reverse().join(', ')} and ${last}`;
  }
  return `${items.slice(0, most - 1).join(', ')} and ${items.length - most + 1} more`;
}

/** Tables are called by their number, as their files are. */
const tables = (numbers: readonly number[]): string =>
  `${numbers.length === 1 ? 'table' : 'tables'} ${listed(numbers)}`;

const bytesOf = (n: number): string => plural(n, 'byte');

function rangeOf({ disk }: LsmState, number: number): string {
  const table = tableNumbered(disk, number);
  const first = table?.entriesOf(0)[0]?.key;
  const last =
    table && table.blocks > 0 ? table.entriesOf(table.blocks - 1).at(-1)?.key : undefined;
  return first && last ? `${key(userKeyOf(first))} to ${key(userKeyOf(last))}` : 'no keys';
}

/** A folder of somebody else: what it has, and what of it cannot be read. */
function describeFolder(tables: number, { value, disk }: LsmState): Caption {
  const { damage, foreign, version } = value;
  const levels = version.filter((files) => files.length > 0).length;
  const arena = fileNamed(disk, arenaName(value.memtable));
  const inLogs = arena ? skipListOf(arena).entries : 0;
  const told = [...damage, ...(foreign?.notes ?? [])];
  return {
    title:
      damage.length === 0
        ? 'The folder is open'
        : `The folder is open, and ${plural(damage.length, 'thing')} in it cannot be read`,
    detail: [
      `${plural(tables, 'table')} on ${plural(levels, 'level')}, and ${inLogs === 0 ? 'no entry that is only in a log' : `${plural(inLogs, 'entry', 'entries')} that only the logs have`}; for reading only.`,
      ...told.slice(0, 2).map((text) => `${capital(text)}.`),
      ...(told.length > 2 ? [`And ${told.length - 2} more.`] : []),
    ].join(' '),
  };
}

function describe(event: LsmEvent, state: LsmState): Caption {
  const { value, options } = state;
  switch (event.kind) {
    case 'opened':
      if (value.foreign) return describeFolder(event.tables, state);
      return {
        title: 'The database is open',
        detail: `${manifestName(value.manifest)} knows ${plural(event.tables, 'table')}; ${logName(value.memtable)} and the memtable are empty.`,
      };

    case 'log': {
      const { operations, log, bytes, offset, sequence, fragments } = event;
      const [first] = operations;
      const what =
        operations.length === 1 && first
          ? `${first.isPut ? 'Put' : 'Delete'} ${key(first.key)}`
          : `A batch of ${operations.length}`;
      const numbered =
        operations.length === 1
          ? `sequence ${sequence}`
          : `sequences ${sequence} to ${sequence + operations.length - 1}`;
      return {
        title: `${what} goes into the log`,
        detail: `${capital(numbered)}, ${bytesOf(bytes)} at ${offset} of ${logName(log)}${
          fragments > 1 ? `, in ${fragments} fragments over as many blocks of 32 KiB` : ''
        }. ${options.sync === 'write' ? 'It is synced before it counts.' : 'Until a sync a power cut may take it.'}`,
      };
    }
    case 'insert': {
      const { isPut, height, compared, used, sequence } = event;
      return {
        title: isPut
          ? `${key(event.key)} goes into the memtable`
          : `A tombstone for ${key(event.key)} goes into the memtable`,
        detail: `${key(event.key)}@${sequence} is a node of ${plural(height, 'lane')}, found its place after ${plural(compared, 'comparison')}; the arena has ${used} of ${options.memtableSize} bytes.${
          isPut ? '' : ' Nothing was looked up: what is older is only shadowed.'
        }`,
      };
    }
    case 'sync':
      return {
        title: `${logName(event.log)} is synced`,
        detail: `Writes up to sequence ${event.sequence} survive a power cut from here on.`,
      };
    case 'committed':
      return {
        title: `Writes up to sequence ${event.sequence} are acknowledged`,
        detail: event.synced
          ? 'They are in a synced log or in tables.'
          : 'But the log was not synced: the promise has nothing behind it.',
      };
    case 'slowdown':
      return {
        title: 'The write is held up for a millisecond',
        detail: `Level 0 has ${plural(event.tables, 'table')}, and from ${event.limit} on writers give way to compaction.`,
      };
    case 'stall':
      return {
        title: `The write has to wait${event.waiting > 1 ? `, as ${event.waiting - 1} before it` : ''}`,
        detail:
          event.why === 'flush'
            ? 'The memtable is full, and the one before it is not yet flushed.'
            : `The memtable is full, and level 0 has ${plural(event.tables, 'table')}: no more may come before a compaction.`,
      };
    case 'proceed':
      return {
        title: 'A write that waited goes on',
        detail:
          event.left === 0
            ? 'It was the last.'
            : `${event.left} more ${isAre(event.left)} waiting.`,
      };

    case 'freeze':
      return {
        title: `Memtable ${event.memtable} is frozen`,
        detail: `${event.why === 'full' ? `Its arena has ${event.used} bytes, ${options.memtableSize} make it full.` : `${capital(plural(event.entries, 'entry', 'entries'))}, by hand.`} ${logName(event.next)} and an empty memtable take over; reads look into both.`,
      };
    case 'block':
      return {
        title: `Block ${event.nth} of table ${event.table} is written`,
        detail: `The file has ${bytesOf(event.bytes)} now, not yet synced, and nobody reads it yet.`,
      };
    case 'table': {
      const { table, bytes, entries, blocks, from } = event;
      return {
        title: `Table ${table} is complete`,
        detail: `${plural(entries, 'entry', 'entries')} in ${plural(blocks, 'block')}, then ${
          options.table.bitsPerKey > 0 ? 'filter, ' : ''
        }index and footer: ${bytesOf(bytes)}, ${rangeOf(state, table)}. ${
          from === 'memtable'
            ? 'It is the frozen memtable, in order.'
            : 'It is sorted as its inputs were.'
        }`,
      };
    }
    case 'install':
      return { title: installed(event), detail: installDetail(event, state) };
    case 'obsolete': {
      const n = event.files.length;
      return {
        title: `${n === 1 ? `${event.files[0]} goes` : `${n} files go`}`,
        detail: `${n === 1 ? 'Nothing needs it' : `Nothing needs ${listed(event.files, 4)}`} any more: all that ${n === 1 ? 'it' : 'they'} held and a reader may see is in live tables.`,
      };
    }

    case 'pick':
      return picked(event, state);
    case 'moved':
      return {
        title: `Table ${event.table} moves to level ${event.target} as it is`,
        detail: `It overlaps nothing there, so no byte of it is copied: only the manifest will say another level.`,
      };
    case 'merge':
      return merged(event);
    case 'drop':
      return {
        title: `${capital(tables(event.tables))} ${event.tables.length === 1 ? 'is' : 'are'} dropped, the oldest`,
        detail: `${
          event.why === 'bytes'
            ? `There are more than ${options.fifoBytes} bytes.`
            : `It is older than ${options.fifoTtl / 1e6} s.`
        } Its rows are gone; ${plural(event.left, 'table')} ${event.left === 1 ? 'stays' : 'stay'}.`,
      };

    case 'probe':
      return probed(event);
    case 'found':
      return {
        title: `${key(event.key)} is found`,
        detail: `The value of sequence ${event.sequence}, ${bytesOf(event.bytes)}; ${plural(event.probed, 'table')} considered, ${plural(event.blocks, 'block')} read.`,
      };
    case 'absent':
      return {
        title: event.isDeleted ? `${key(event.key)} is deleted` : `There is no ${key(event.key)}`,
        detail: `${
          event.isDeleted
            ? 'A tombstone is the newest that a reader may see of it'
            : 'No place that could have it does'
        }; ${plural(event.probed, 'table')} considered, ${event.filtered} left out by a filter, ${plural(event.blocks, 'block')} read.`,
      };
    case 'scanning':
      return {
        title: `A merging cursor is set on ${plural(event.sources, 'source')}`,
        detail: `Memtables, tables of level 0 and one cursor a level below; the ${event.backward ? 'greatest' : 'smallest'} of their keys is next.`,
      };
    case 'row': {
      const { where, table, passed, rows } = event;
      return {
        title: `Row ${rows} is ${key(event.key)}`,
        detail: `From ${where === 'table' ? `table ${table}` : where === 'memtable' ? 'the memtable' : 'the frozen memtable'}${
          passed > 0
            ? `; ${plural(passed, 'entry', 'entries')} of the same key ${isAre(passed)} passed over`
            : ''
        }.`,
      };
    }
    case 'scanned':
      return {
        title: `The scan ends with ${plural(event.rows, 'row')}`,
        detail:
          event.passed === 0
            ? 'No entry was passed over on the way: no key has two versions here.'
            : `${plural(event.passed, 'entry', 'entries')} ${event.passed === 1 ? 'was' : 'were'} passed over on the way: shadowed, deleted, or too new for this reader.`,
      };

    case 'snapshot':
      return {
        title: `Snapshot ${event.name} is taken`,
        detail: `It is a number: sequence ${event.sequence}. As long as it is held no compaction drops what it sees.`,
      };
    case 'release':
      return {
        title: `Snapshot ${event.name} is released`,
        detail:
          event.left === 0
            ? 'No snapshot is held.'
            : `${plural(event.left, 'snapshot')} ${isAre(event.left)} still held.`,
      };
    case 'paused':
      return {
        title: `${capital(event.what)} is held`,
        detail:
          event.what === 'flush'
            ? 'A frozen memtable stays in memory; when the next is full, writers wait.'
            : 'Level 0 will grow with every flush, and reads with it.',
      };
    case 'resumed':
      return { title: `${capital(event.what)} goes on`, detail: 'What is due is done now.' };
    case 'waited':
      return {
        title: `${event.by} ms pass`,
        detail: `It is ${Math.round(event.time / 1000)} ms since the opening, in simulated time.`,
      };
    case 'nothing':
      return event.command === 'commit'
        ? { title: 'There is nothing to commit', detail: 'All writes are durable already.' }
        : event.command === 'flush'
          ? { title: 'There is nothing to flush', detail: 'The memtable is empty.' }
          : {
              title: 'There is nothing to compact',
              detail: 'No level has tables to merge in that range.',
            };

    case 'crash': {
      const { during, kept, torn, unsynced } = event;
      const when = during === undefined ? '' : ` during ${during}`;
      const reached =
        kept === 0 ? '' : ` ${plural(kept, 'unsynced sector')} reached the disk all the same.`;
      const last = torn > 0 ? ` Of the last write, only ${plural(torn, 'sector')}.` : '';
      return {
        title: `The power is cut${when.length > 60 ? `${when.slice(0, 59)}…` : when}`,
        detail: `The memtables are gone. ${
          unsynced === 0
            ? 'All writes were acknowledged.'
            : `${plural(unsynced, 'write')} had no sync yet.`
        }${reached}${last}`,
      };
    }
    case 'replay': {
      const { log, batches, entries, lost, isTorn } = event;
      return {
        title: `${logName(log)} is replayed`,
        detail: `${plural(batches, 'batch', 'batches')} with ${plural(entries, 'entry', 'entries')} go into a memtable again.${
          lost === 0
            ? ''
            : isTorn
              ? ` Its last ${bytesOf(lost)} are torn, as a crash leaves them: nobody was told that they are safe.`
              : ` ${bytesOf(lost)} cannot be read and are passed over.`
        }`,
      };
    }
    case 'recovered':
      return event.damage === 0
        ? {
            title: 'The database is open again',
            detail: `${plural(event.tables, 'table')}, and the last write has sequence ${event.sequence}.`,
          }
        : {
            title: 'The database does not fit together',
            detail: `${capital(value.damage[0] ?? '')}. It is open for reading only, as far as it can be read.`,
          };
    case 'closed':
      return {
        title: 'The database is closed',
        detail: `${
          event.unsynced === 0
            ? 'All writes were synced.'
            : `${plural(event.unsynced, 'write')} had no sync, but the system has them: only a power cut would lose them.`
        } The memtable needs no flush, its log has the same.`,
      };
    case 'checked':
      return event.problems === 0
        ? {
            title: 'The database is sound',
            detail: `${plural(event.tables, 'table')}, ${plural(event.entries, 'entry', 'entries')} and ${plural(event.rows, 'row')}: order, levels, filters, sequences and manifest agree, and every write is there.`,
          }
        : {
            title: `The check found ${plural(event.problems, 'problem')}`,
            detail: `${plural(event.tables, 'table')}, ${plural(event.entries, 'entry', 'entries')} and ${plural(event.rows, 'row')} were looked at.`,
          };
  }
}

type EventOf<K extends LsmEvent['kind']> = Extract<LsmEvent, { kind: K }>;

function installed({ from, added, removed }: EventOf<'install'>): string {
  const [first] = added;
  if (from === 'recovery') return 'A new manifest begins';
  if (from === 'drop') return `The version is one table shorter`;
  if (from === 'move' && first) return `Table ${first.number} is in level ${first.level} now`;
  if (from === 'flush' && first) return `Table ${first.number} is live in level ${first.level}`;
  if (added.length === 0)
    return `${capital(tables(removed.map(({ number }) => number)))} leave nothing behind`;
  return `The version changes: ${removed.length} for ${added.length}`;
}

function installDetail(event: EventOf<'install'>, { value, options }: LsmState): string {
  const { manifest, bytes, added, removed, from, placed } = event;
  const record = `A record of ${bytesOf(bytes)} in ${manifestName(manifest)}, synced`;
  if (from === 'recovery')
    return `${manifestName(manifest)} holds the whole version in ${bytesOf(bytes)}${
      added.length > 0 ? `, with ${tables(added.map(({ number }) => number))} from the log` : ''
    }; CURRENT was renamed to name it.`;
  if (from === 'flush') {
    const deeper =
      placed === undefined || placed === 0
        ? ''
        : ` It overlaps nothing in the levels above, so it may go as deep as level ${placed} at once.`;
    return `${record}: the table counts, and its log is no longer needed.${deeper}`;
  }
  if (from === 'compaction') {
    const level = added[0]?.level ?? 0;
    const has = bytesOfLevel(value.version[level] ?? []);
    const limit =
      options.strategy === 'leveled' && level > 0 ? ` of ${limitOf(options, level)}` : '';
    return `${record}: ${tables(removed.map(({ number }) => number))} out, ${
      added.length === 0 ? 'none' : tables(added.map(({ number }) => number))
    } in, at one stroke. Level ${level} has ${has}${limit} bytes.`;
  }
  return `${record}.`;
}

function picked(event: EventOf<'pick'>, { options, value }: LsmState): Caption {
  const { why, level, target, inputs, overlaps, score, bytes, widened } = event;
  const with_ =
    overlaps.length === 0
      ? `Nothing in level ${target} overlaps it.`
      : `With it goes what overlaps in level ${target}, ${tables(overlaps)}.`;
  const wider =
    widened && target > level ? ' One more of its neighbours came along at no cost.' : '';
  const reason: Record<typeof why, string> = {
    size:
      level === 0
        ? `Level 0 has ${plural(value.version[0]?.length ?? 0, 'table')}; ${options.level0Trigger} make it due.`
        : `Level ${level} has ${bytesOfLevel(value.version[level] ?? [])} bytes of ${limitOf(options, level)}: score ${(score / 100).toFixed(2)}.`,
    seeks: `It was looked at in vain ${options.allowedSeeks} times.`,
    manual: 'By hand.',
    runs: `${plural(score, 'run')} of one size make one, of ${options.levelRatio} that it takes.`,
    last: `${plural(score, 'run')} are a fair part of the last level by now.`,
  };
  const isRun = target === level;
  return {
    title: isRun
      ? `${capital(plural(inputs.length, 'run'))} will become one`
      : `${capital(tables(inputs))} will be merged into level ${target}`,
    detail: `${reason[why]} ${isRun ? `${capital(tables(inputs))} are neighbours in age.` : with_}${wider} ${bytesOf(bytes)} to read.`,
  };
}

function merged(event: EventOf<'merge'>): Caption {
  const { kept, dropped, guarded, snapshot } = event;
  const name = key(event.key);
  const all = kept.length + dropped.length;
  const gone = dropped.filter(({ why }) => why === 'shadowed');
  const tombstone = dropped.find(({ why }) => why === 'tombstone');
  const freed = dropped.reduce((sum, { bytes }) => sum + bytes, 0);
  const [newest] = kept;
  const shadow =
    gone.length === 0
      ? ''
      : `Sequence ${kept[0]?.sequence ?? tombstone?.sequence} shadows ${listed(gone.map(({ sequence }) => sequence))}; ${bytesOf(freed)} ${isAre(freed)} freed.`;
  if (tombstone && guarded)
    return {
      title: `The tombstone of ${name} is dropped too early`,
      detail: `Table ${guarded.table} in level ${guarded.level} may hold an older value, and nothing is in front of it any more.`,
    };
  if (tombstone && kept.length === 0)
    return {
      title: `${name} is forgotten, tombstone and all`,
      detail: `Nothing older can lie below, so the tombstone of sequence ${tombstone.sequence} has done its work. ${bytesOf(freed)} ${isAre(freed)} freed.`,
    };
  if (newest && !newest.isPut && guarded)
    return {
      title: `The tombstone of ${name} must stay`,
      detail:
        `Table ${guarded.table} in level ${guarded.level} may hold an older value, which would come back. ${shadow}`.trim(),
    };
  if (snapshot !== undefined && kept.length > 1)
    return {
      title: `${capital(plural(kept.length, 'version'))} of ${name} stay`,
      detail: `A snapshot at sequence ${snapshot} may still read an older one. ${shadow}`.trim(),
    };
  if (all === 1)
    return {
      title: `${name} goes over`,
      detail: `One version, ${newest?.isPut ? 'a value' : 'a tombstone'} of sequence ${newest?.sequence}.`,
    };
  return {
    title: `${capital(plural(all, 'version'))} of ${name} meet; ${kept.length === 1 ? 'the newest wins' : `${kept.length} stay`}`,
    detail:
      shadow ||
      `The tombstone of sequence ${tombstone?.sequence} goes: nothing older lies below, and what is newer needs none.`,
  };
}

function probed(event: EventOf<'probe'>): Caption {
  const { where, table, level, block, outcome, falsePositive, compared } = event;
  const name = key(event.key);
  const place =
    where === 'memtable'
      ? 'The memtable'
      : where === 'immutable'
        ? 'The frozen memtable'
        : `Table ${table} of level ${level}`;
  const looked =
    where === 'table'
      ? `Block ${block} was read, ${plural(compared, 'key')} compared.`
      : `${plural(compared, 'comparison')} in its skip list.`;
  switch (outcome) {
    case 'found':
      return { title: `${place} has ${name}`, detail: looked };
    case 'deleted':
      return {
        title: `${place} has a tombstone for ${name}`,
        detail: `${looked} What is older does not count: the search ends.`,
      };
    case 'filtered':
      return {
        title: `The filter of table ${table} says no`,
        detail: `Its range covers ${name}, but a bit that ${name} would have set is not: the block in level ${level} need not be read.`,
      };
    case 'damaged':
      return {
        title: `${place} cannot be read`,
        detail: 'What it may have of the key stays unknown.',
      };
    default:
      return {
        title: `${place} does not have ${name}`,
        detail: falsePositive
          ? `The filter said maybe, and was wrong. ${looked}`
          : where === 'table' && compared === 0
            ? 'The index says that all of its keys are smaller.'
            : looked,
      };
  }
}

const SOURCES: Readonly<Record<LsmEvent['kind'], readonly [file: string, name: string]>> = {
  opened: ['lsm/db.ts', 'createDatabase'],
  log: ['lsm/log.ts', 'frameRecord'],
  insert: ['lsm/skiplist.ts', 'addToSkipList'],
  sync: ['disk/disk.ts', 'sync'],
  committed: ['lsm/db.ts', 'commit'],
  slowdown: ['lsm/db.ts', 'write'],
  stall: ['lsm/db.ts', 'blocked'],
  proceed: ['lsm/db.ts', 'background'],
  freeze: ['lsm/db.ts', 'freeze'],
  block: ['lsm/table.ts', 'add'],
  table: ['lsm/table.ts', 'finish'],
  install: ['lsm/db.ts', 'install'],
  obsolete: ['lsm/db.ts', 'remove'],
  pick: ['lsm/compaction.ts', 'pickDue'],
  moved: ['lsm/compaction.ts', 'compact'],
  merge: ['lsm/compaction.ts', 'merge'],
  drop: ['lsm/compaction.ts', 'dropOldest'],
  probe: ['lsm/reads.ts', 'get'],
  found: ['lsm/reads.ts', 'get'],
  absent: ['lsm/reads.ts', 'get'],
  scanning: ['lsm/reads.ts', 'scan'],
  row: ['lsm/cursor.ts', 'visibleForward'],
  scanned: ['lsm/reads.ts', 'scan'],
  snapshot: ['labs/lsm.ts', 'work'],
  release: ['labs/lsm.ts', 'work'],
  paused: ['labs/lsm.ts', 'work'],
  resumed: ['labs/lsm.ts', 'work'],
  waited: ['labs/lsm.ts', 'work'],
  nothing: ['labs/lsm.ts', 'work'],
  crash: ['disk/power.ts', 'powerCut'],
  replay: ['lsm/recover.ts', 'replayLog'],
  recovered: ['lsm/recover.ts', 'recover'],
  closed: ['labs/lsm.ts', 'reopen'],
  checked: ['lsm/check.ts', 'checkDatabase'],
};

export const words: Words<LsmState, LsmEvent> = {
  describe,
  metrics,
  settings,
  commands,
  sabotage: [
    {
      name: 'no-sync',
      description:
        'commit acknowledges without a sync of the log: a power cut takes what was promised',
    },
    {
      name: 'early-tombstone',
      description:
        'a compaction drops every tombstone it meets: what was deleted comes back from below',
    },
    {
      name: 'wrong-filter',
      description:
        'filters are built from internal keys, which no reader asks for: a get misses rows that are there',
    },
    {
      name: 'lonely-pick',
      description:
        'a compaction takes its table without the neighbours that overlap it: levels overlap, old covers new',
    },
    {
      name: 'manifest-first',
      description:
        'the manifest names a table before the table is synced: a power cut leaves a version without its table',
    },
  ],
  sourceOf(kind) {
    const [file, name] = SOURCES[kind as LsmEvent['kind']] ?? SOURCES.opened;
    return { file: `engine/${file}`, name };
  },
};
