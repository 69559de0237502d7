import { describe, expect, it } from 'vitest';
import type { BTreeEvent, BTreeValue } from '../../../engine/btree/events.ts';
import { labs } from '../../../engine/labs/index.ts';
import { Script } from '../../../engine/run/script.ts';
import type { ShownMoment } from '../../player/types.ts';
import { inspect } from './inspect.ts';
import { GROWS_AND_SHRINKS, momentsOf } from './runs.testing.ts';

const SCENARIO = `lab btree
set max-cells 4
put 11 "Izu"
put 34 "Tonga"
put 40 "Java"
put 46 "Peru"
commit
put 52 "Kermadec"
`;

const script = new Script(SCENARIO, labs).run();
const timeline = script.timeline('main');

/** The moment as the page would hold it. */
function momentAt(index: number): ShownMoment<BTreeEvent, BTreeValue> {
  const moment = timeline.at(index);
  return {
    index,
    name: timeline.nameOf(index),
    command: moment.command,
    step: moment.step,
    event: moment.event as BTreeEvent,
    caption: script.lab.describe(moment.event, moment.state),
    image: script.lab.disk(moment.state),
    value: script.lab.value(moment.state) as BTreeValue,
    metrics: [],
    source: script.lab.sourceOf(moment.event.kind),
    problems: [],
  };
}

const end = momentAt(timeline.length - 1);

describe('what the inspector is told of a B-Tree', () => {
  it('regions tile the page at every moment, whatever the event is about', () => {
    for (let index = 0; index < timeline.length; index++) {
      const seen = inspect(momentAt(index), undefined, 'memory');
      if (!seen.bytes) throw new Error(`no bytes at ${index}: ${seen.why}`);
      let at = 0;
      for (const { from, to } of seen.regions) {
        expect(from).toBe(at);
        at = to;
      }
      expect(at).toBe(seen.bytes.length);
    }
  });

  it('a cell that is selected is found on its leaf, and its bytes are lit', () => {
    const seen = inspect(end, 'cell:kv:52', 'memory');
    const region = seen.regions.find(({ key }) => key === 'cell:kv:52');
    expect(seen.inside).toBe('cell:kv:52');
    expect(region?.label).toMatch(/key 52$/);
    const text = new TextDecoder().decode(seen.bytes?.subarray(region?.from, region?.to));
    expect(text.endsWith('Kermadec')).toBe(true);
  });

  it('a separator is found on the interior page that holds it', () => {
    const seen = inspect(end, 'sep:kv:34', 'memory');
    expect(seen.title).toBe('Page 2');
    expect(seen.summary).toContainEqual({ name: 'type', value: '0x05 table interior' });
    expect(seen.regions.some(({ key, tone }) => key === 'sep:kv:34' && tone === 'separator')).toBe(
      true,
    );
  });

  it('before a commit the file copy is the page as it was', () => {
    const memory = inspect(end, 'page:2', 'memory');
    const file = inspect(end, 'page:2', 'file');
    expect(memory.durability).toBe('newer in memory than committed');
    expect(memory.summary).toContainEqual({ name: 'type', value: '0x05 table interior' });
    expect(file.summary).toContainEqual({ name: 'type', value: '0x0d table leaf' });
  });

  it('a page that no sync has reached is not in the file, and it says so', () => {
    const seen = inspect(end, 'page:4', 'file');
    expect(seen.bytes).toBeUndefined();
    expect(seen.why).toMatch(/not in the file yet/);
  });

  it('a frame is its header and the page in it; stepping goes from the log header to the last frame', () => {
    const header = inspect(end, 'log:header', 'memory');
    expect(header.regions[0]?.fields?.map(({ name }) => name)).toContain('salt-1');
    const frame = inspect(end, header.next, 'memory');
    expect(frame).toMatchObject({ title: 'Frame 1', previous: 'log:header', durability: 'synced' });
    expect(frame.bytes?.length).toBe(24 + 512);
    expect(frame.summary).toContainEqual({ name: 'commit', value: 'yes, with 2 pages' });
    let at = 0;
    for (const { from, to } of frame.regions) {
      expect(from).toBe(at);
      at = to;
    }
    expect(at).toBe(24 + 512);
    expect(frame.regions.map(({ label }) => label)).toContain('cell 3: key 46');
    expect(frame.next).toBeUndefined();
  });

  it('a frame that was not synced is not on the disk, and it says so', () => {
    const moments = momentsOf('lab btree\nput 1 a\ncommit');
    const appended = moments.find(
      ({ event }) => event.kind === 'frame',
    ) as (typeof moments)[number];
    const { next } = inspect(appended, 'log:header', 'memory');
    expect(inspect(appended, next, 'memory').durability).toBe('not synced yet');
    expect(inspect(appended, next, 'file').why).toMatch(/not been synced/);
    expect(inspect(appended, 'page:2', 'memory').durability).toBe('newer in memory than committed');
    const committed = moments.at(-1) as (typeof moments)[number];
    expect(inspect(committed, 'page:2', 'memory').durability).toBe(
      'the same in memory and in frame 1 of the log',
    );
  });

  it.each(['page:0', 'page:9999999', 'cell:kv:777', 'cell:kv:abc', 'nonsense', 'page:-1', ''])(
    'a selection that leads nowhere (%j) still gives an answer in words',
    (selection) => {
      const seen = inspect(end, selection, 'memory');
      expect(seen.bytes !== undefined || (seen.why ?? '') !== '').toBe(true);
    },
  );
});

it('a page that was opened in a split is a leaf before anything points to it', () => {
  const opened = momentsOf(GROWS_AND_SHRINKS).filter(({ event }) => event.kind === 'open');
  expect(opened.length).toBeGreaterThan(1);
  for (const moment of opened) {
    const { page } = moment.event as { page: number };
    const seen = inspect(moment, `page:${page}`, 'memory');
    expect(seen.heading, moment.name).toBe('b-tree page header');
    expect(seen.summary[0]?.value).toMatch(/^0x0[5d] table/);
  }
});
