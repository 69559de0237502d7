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
    expect(memory.durability).toBe('newer in memory than in the file');
    expect(memory.summary).toContainEqual({ name: 'type', value: '0x05 table interior' });
    expect(file.summary).toContainEqual({ name: 'type', value: '0x0d table leaf' });
  });

  it('a page that no sync has reached is not in the file, and it says so', () => {
    const seen = inspect(end, 'page:4', 'file');
    expect(seen.bytes).toBeUndefined();
    expect(seen.why).toMatch(/not in the file yet/);
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
