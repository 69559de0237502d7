// What the LSM lab measures of a state: amplifications beside theory, filters, files and bytes of each
// level, what was moved.

import { fileNamed } from '../disk/image.ts';
import { amplificationAt, contentOf } from '../lsm/amplification.ts';
import { limitOf, tierOf } from '../lsm/compaction.ts';
import { skipListOf } from '../lsm/events.ts';
import { falsePositiveRate } from '../lsm/filter.ts';
import { arenaName, bytesOfLevel, logName, type TableFile } from '../lsm/format.ts';
import type { Metric } from '../run/lab.ts';
import type { LsmState } from './lsm.ts';

export function metrics(state: LsmState): Metric[] {
  const { disk, value, options } = state;
  const { counters, version } = value;
  const tables = version.reduce((sum, files) => sum + files.length, 0);
  const bytes = version.reduce((sum, files) => sum + bytesOfLevel(files), 0);
  const content = contentOf(disk, version);
  const amplification = amplificationAt(disk, value);
  const arena = fileNamed(disk, arenaName(value.memtable));
  const list = arena && skipListOf(arena);
  const log = fileNamed(disk, logName(value.memtable));
  const metric = (name: string, value: number, unit: string, help: string): Metric => ({
    name,
    value: Math.round(100 * value) / 100,
    unit,
    help,
  });
  const per = (a: number, b: number): number => (b === 0 ? 0 : a / b);
  const written = counters.flushedBytes + counters.compactedBytes;
  return [
    metric(
      'write amplification',
      per(written, counters.flushedBytes),
      'x',
      'Bytes written to tables for each byte that a flush wrote; the log adds one more',
    ),
    ...(amplification
      ? [
          metric(
            'write amplification, theory',
            amplification.theory.write,
            'x',
            `Of ${options.strategy} with T = ${options.levelRatio} after ${counters.flushes} flushes, keys drawn evenly`,
          ),
          metric(
            'sorted runs',
            amplification.measured.read,
            'runs',
            'Tables of level 0 and levels below: what a scan merges, and a get asks where no filter says no',
          ),
          metric(
            'sorted runs, theory',
            amplification.theory.read,
            'runs',
            `Of ${options.strategy} with T = ${options.levelRatio} after ${counters.flushes} flushes`,
          ),
        ]
      : []),
    metric(
      'read amplification',
      per(counters.blocksRead, counters.gets),
      'blocks',
      'Blocks of tables read for each get',
    ),
    metric(
      'tables a get considers',
      per(counters.probes, counters.gets),
      'tables',
      'Whose range covers the key; a filter spares most of them the read',
    ),
    ...(content
      ? [
          metric(
            'space amplification',
            per(bytes, Math.max(1, content.live)),
            'x',
            'Bytes of tables for each byte of live rows in them',
          ),
          metric(
            'obsolete entries',
            per(content.entries - content.rows, content.rows),
            'x',
            'Entries that no reader gets for each that one does',
          ),
        ]
      : []),
    ...(amplification
      ? [
          metric(
            'obsolete entries, theory',
            amplification.theory.space - 1,
            'x',
            'For keys drawn evenly; leveled: at most 1 / (T - 1), tiered: up to T - 1',
          ),
        ]
      : []),
    metric(
      'false positives',
      100 * per(counters.falsePositives, counters.falsePositives + counters.filterNo),
      '%',
      'Of absent keys that a filter was asked for, those that it let pass',
    ),
    metric(
      'false positives, theory',
      100 * (content?.falsePositives ?? falsePositiveRate(options.table.bitsPerKey || 1)),
      '%',
      '(1 - e^(-kn/m))^k over the filters as they are; none has less than 64 bits',
    ),
    metric('memtable', list?.used ?? 0, 'bytes', 'In use of the arena'),
    metric('memtable entries', list?.entries ?? 0, 'entries', 'Nodes of the skip list'),
    metric('log', log?.now.size ?? 0, 'bytes', 'Of the log that is in use'),
    metric('tables', tables, 'tables', 'Live tables of all levels'),
    metric('table bytes', bytes, 'bytes', 'Of all live tables'),
    ...version.flatMap((files, level) =>
      files.length === 0 && level > 1
        ? []
        : [
            metric(`level ${level} tables`, files.length, 'tables', `Tables of level ${level}`),
            metric(
              `level ${level} bytes`,
              bytesOfLevel(files),
              'bytes',
              level === 0 || options.strategy !== 'leveled'
                ? `Of the tables of level ${level}`
                : `Of ${limitOf(options, level)} that level ${level} may have`,
            ),
          ],
    ),
    ...(options.strategy === 'tiered' || options.strategy === 'lazy-leveled'
      ? [
          metric(
            'tiers',
            1 +
              Math.max(
                -1,
                ...(version[0] as readonly TableFile[]).map(({ size }) =>
                  tierOf(size, options.memtableSize, options.levelRatio),
                ),
              ),
            'tiers',
            'Sizes of runs in level 0',
          ),
        ]
      : []),
    metric('flushed', counters.flushedBytes, 'bytes', 'Written by flushes'),
    metric('moved by compactions', counters.compactedBytes, 'bytes', 'Written by compactions'),
    metric('log written', counters.logBytes, 'bytes', 'Written to logs'),
    metric('flushes', counters.flushes, 'flushes', 'Since the opening'),
    metric(
      'compactions',
      counters.compactions,
      'compactions',
      'Since the opening; trivial moves do not count',
    ),
    metric('slowdowns', counters.slowdowns, 'writes', 'Writes that were held up for a millisecond'),
    metric(
      'stalls',
      counters.stalls,
      'writes',
      'Writes that had to wait for a flush or a compaction',
    ),
  ];
}
