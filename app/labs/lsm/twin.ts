// The picture in words: memory first, then the disk, level by level, in the order in which a read
// looks into them.

import type { TwinNode } from '../picture.ts';
import { keyText, type LsmMoment, read, type TableNode } from './reading.ts';

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

export function tableWords({
  number,
  entries,
  size,
  from,
  to,
  role,
  isSynced,
  fault,
}: TableNode): string {
  return `table ${number}, ${keyText(from)} to ${keyText(to)}, ${count(entries, 'entry', 'entries')}, ${size} bytes${
    role === 'input' ? ', is being merged' : role === 'output' ? ', is being written' : ''
  }${isSynced ? '' : ', not synced'}${fault ? `, damaged: ${fault}` : ''}`;
}

export function twin(moment: LsmMoment): readonly TwinNode[] {
  const { memtables, logs, levels, outputs } = read(moment);
  const nodes: TwinNode[] = memtables.map(({ number, isFrozen, used, limit, entries }) => ({
    key: `memtable:${number}`,
    text: `${isFrozen ? 'frozen memtable' : 'memtable'} ${number}: ${count(entries.length, 'entry', 'entries')}, ${used} of ${limit} bytes`,
    select: `memtable:${number}`,
    children: entries.map(({ key, text, sequence, isTombstone, height }) => ({
      key,
      text: `${text}, sequence ${sequence}, ${isTombstone ? 'a tombstone' : 'a value'}, ${count(height, 'lane')}`,
      select: key,
      children: [],
    })),
  }));
  for (const { number, records, size, synced, lost } of logs)
    nodes.push({
      key: `log:${number}`,
      text: `log ${number}: ${count(records.length, 'record')}, ${synced} of ${size} bytes synced${lost.map(({ text }) => `; ${text}`).join('')}`,
      select: `log:${number}`,
      children: records.map(({ key, batch, isSynced }) => ({
        key,
        text: `sequence ${batch.sequence}: ${batch.entries
          .map(({ key, value }) => `${value ? 'put' : 'delete'} ${keyText(key)}`)
          .join(', ')}${isSynced ? '' : ', not synced'}`,
        select: key,
        children: [],
      })),
    });
  for (const { level, tables, bytes, limit } of levels)
    nodes.push({
      key: `level:${level}`,
      text: `level ${level}: ${count(tables.length, 'table')}, ${bytes} bytes${
        limit === undefined ? '' : level === 0 ? `, due at ${limit} tables` : ` of ${limit}`
      }`,
      children: (level === 0 ? [...tables].reverse() : tables).map((table) => ({
        key: `table:${table.number}`,
        text: tableWords(table),
        select: `table:${table.number}`,
        children: [],
      })),
    });
  if (outputs.length > 0)
    nodes.push({
      key: 'outputs',
      text: `being written: ${count(outputs.length, 'table')}`,
      children: outputs.map((table) => ({
        key: `table:${table.number}`,
        text: tableWords(table),
        select: `table:${table.number}`,
        children: [],
      })),
    });
  return nodes;
}
