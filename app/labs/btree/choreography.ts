// The B-Tree's choreography: what the engine is in the middle of, as a machine over its events.
//
//   idle ─▶ searching ─▶ writing ──▶ splitting ⟲     a parent may overflow in turn
//             │             └─────▶ merging ⟲        a parent may become too empty in turn
//             └▶ scanning        loading ⟲            leaf by leaf
//                                committing ─▶ checkpointing ─▶ idle
//   crashed, closing ─▶ recovering                    a crash from anywhere
//
// Splitting and merging take nothing but their own next event: a lookup in the middle of a split
// would be a fault of the engine, and the golden scripts would tell.

import { createMachine } from 'xstate';
import { choreographyOf } from '../choreography.ts';

/** What a bulk build does, leaf by leaf. */
const builds = {
  spill: '#lengthening',
  fill: '#filling',
  deepen: '#growing',
  extend: '#extending',
  link: '#linking',
  vacuumed: '#rewritten',
};
/** Where a command can begin. */
const begins = {
  begin: '#begun',
  spill: '#lengthening',
  fill: '#filling',
  deepen: '#growing',
  vacuum: '#rewriting',
  descend: '#descending',
  seek: '#arrived',
  restart: '#heading',
  frame: '#appending',
  checkpoint: '#beginning',
  'log-sync': '#catching-up',
  checked: '#checking',
  closed: '#closing',
  nothing: '#idle',
  rollback: '#idle',
};
/** What a write does in a leaf. */
const changes = {
  spill: '#spilling',
  defragment: '#packing',
  insert: '#placed',
  update: '#placed',
  remove: '#removed',
  predecessor: '#replaced',
  overflow: '#overflowing',
};
/** After the process is gone. */
const recovers = { replay: '#reading', 'log-end': '#reading', recovered: '#recovered' };
/** How a write may go on once its cell is in, or out. */
const goesOn = { free: '#releasing', underfull: '#underfull', shrink: '#shrinking' };

const machine = createMachine({
  id: 'btree',
  initial: 'idle',
  on: { crash: '#crashed', opened: '#idle' },
  states: {
    idle: { id: 'idle', meta: { process: 'session', text: 'waits for a command' }, on: begins },
    searching: {
      meta: { process: 'search', text: 'from the root to a leaf' },
      initial: 'descending',
      states: {
        descending: {
          id: 'descending',
          meta: { text: 'chooses a child' },
          on: { descend: '#descending', seek: '#arrived' },
        },
        arrived: {
          id: 'arrived',
          meta: { text: 'on the leaf' },
          on: {
            found: '#answered',
            absent: '#answered',
            begin: '#begun',
            scan: '#delivering',
            scanned: '#scanned',
            ...changes,
          },
        },
        answered: { id: 'answered', meta: { text: 'found, or not' }, on: begins },
      },
    },
    scanning: {
      meta: { process: 'search', text: 'leaf after leaf' },
      initial: 'delivering',
      states: {
        delivering: {
          id: 'delivering',
          meta: { text: 'rows of one leaf' },
          on: { scan: '#delivering', scanned: '#scanned' },
        },
        scanned: { id: 'scanned', meta: { text: 'end of the range' }, on: begins },
      },
    },
    writing: {
      meta: { process: 'write', text: 'changes a leaf' },
      initial: 'begun',
      states: {
        begun: {
          id: 'begun',
          meta: { text: 'opens a transaction' },
          on: { ...changes, fill: '#filling', vacuum: '#rewriting' },
        },
        spilling: {
          id: 'spilling',
          meta: { text: 'fills overflow pages' },
          on: { ...changes, fill: '#filling' },
        },
        packing: { id: 'packing', meta: { text: 'packs the cells together' }, on: changes },
        placed: {
          id: 'placed',
          meta: { text: 'the cell is in' },
          on: { ...begins, ...goesOn },
        },
        removed: {
          id: 'removed',
          meta: { text: 'the cell is out' },
          on: { ...begins, ...goesOn },
        },
        replaced: {
          id: 'replaced',
          meta: { text: 'another row comes up' },
          on: { overflow: '#overflowing', ...begins, ...goesOn },
        },
        releasing: {
          id: 'releasing',
          meta: { text: 'frees overflow pages' },
          // A row that was too long for its place makes its page split once the old one is gone.
          on: { overflow: '#overflowing', ...begins, ...goesOn },
        },
      },
    },
    splitting: {
      meta: { process: 'split', text: 'a page becomes two' },
      initial: 'overflowing',
      states: {
        overflowing: {
          id: 'overflowing',
          meta: { text: 'no room for the cell' },
          on: { deepen: '#deepening', gather: '#gathering', open: '#opening' },
        },
        deepening: {
          id: 'deepening',
          meta: { text: 'the root moves down' },
          on: { open: '#opening' },
        },
        gathering: {
          id: 'gathering',
          meta: { text: 'siblings put their cells in a row' },
          on: { defragment: '#gathering', open: '#opening', deal: '#dealing' },
        },
        opening: {
          id: 'opening',
          meta: { text: 'a new sibling' },
          on: {
            defragment: '#opening',
            open: '#opening',
            move: '#moving',
            deal: '#dealing',
          },
        },
        dealing: {
          id: 'dealing',
          meta: { text: 'each page gets its part' },
          on: { separators: '#lifting' },
        },
        moving: {
          id: 'moving',
          meta: { text: 'the upper cells go over' },
          on: { defragment: '#moving', separator: '#lifting' },
        },
        lifting: {
          id: 'lifting',
          meta: { text: 'the parent learns a separator' },
          on: {
            overflow: '#overflowing',
            defragment: '#lifting',
            separator: '#lifting',
            underfull: '#underfull',
            shrink: '#shrinking',
            free: '#releasing',
            ...begins,
          },
        },
      },
    },
    loading: {
      meta: { process: 'load', text: 'builds a tree bottom up' },
      initial: 'filling',
      states: {
        rewriting: {
          id: 'rewriting',
          meta: { text: 'all rows, in order' },
          on: builds,
        },
        lengthening: {
          id: 'lengthening',
          meta: { text: 'long rows get overflow pages' },
          on: builds,
        },
        filling: {
          id: 'filling',
          meta: { text: 'a leaf gets its rows' },
          on: { ...builds, ...begins },
        },
        growing: { id: 'growing', meta: { text: 'the root moves down' }, on: builds },
        extending: {
          id: 'extending',
          meta: { text: 'an interior page is full enough' },
          on: builds,
        },
        linking: {
          id: 'linking',
          meta: { text: 'the parent leads to it' },
          on: { ...builds, ...begins },
        },
        rewritten: { id: 'rewritten', meta: { text: 'nothing is free' }, on: begins },
      },
    },
    merging: {
      meta: { process: 'merge', text: 'two pages become one, or share' },
      initial: 'underfull',
      states: {
        underfull: {
          id: 'underfull',
          meta: { text: 'too empty' },
          on: {
            merge: '#joining',
            defragment: '#underfull',
            borrow: '#borrowing',
            gather: '#sharing',
          },
        },
        joining: { id: 'joining', meta: { text: 'cells go left' }, on: { unlink: '#unlinking' } },
        unlinking: {
          id: 'unlinking',
          meta: { text: 'the parent forgets' },
          on: { free: '#freeing' },
        },
        borrowing: {
          id: 'borrowing',
          meta: { text: 'cells come over' },
          on: { overflow: '#overflowing', underfull: '#underfull', ...begins },
        },
        sharing: {
          id: 'sharing',
          meta: { text: 'siblings put their cells in a row' },
          on: { open: '#sharing', deal: '#shared', defragment: '#sharing' },
        },
        shared: {
          id: 'shared',
          meta: { text: 'each page gets its part' },
          on: { separators: '#settled' },
        },
        settled: {
          id: 'settled',
          meta: { text: 'the parent has new separators' },
          on: {
            free: '#freeing',
            overflow: '#overflowing',
            underfull: '#underfull',
            shrink: '#shrinking',
            ...begins,
          },
        },
        shrinking: {
          id: 'shrinking',
          meta: { text: 'the root takes its child in' },
          on: { free: '#freeing' },
        },
        freeing: {
          id: 'freeing',
          meta: { text: 'a page is free' },
          on: {
            free: '#freeing',
            overflow: '#overflowing',
            underfull: '#underfull',
            shrink: '#shrinking',
            ...begins,
          },
        },
      },
    },
    committing: {
      meta: { process: 'commit', text: 'dirty pages go into the log' },
      initial: 'appending',
      states: {
        heading: {
          id: 'heading',
          meta: { text: 'a new log header' },
          on: { 'log-sync': '#syncing' },
        },
        appending: {
          id: 'appending',
          meta: { text: 'frame by frame' },
          on: { frame: '#appending', 'log-sync': '#syncing', committed: '#committed' },
        },
        syncing: {
          id: 'syncing',
          meta: { text: 'durable at once' },
          on: {
            frame: '#appending',
            restart: '#heading',
            committed: '#committed',
            closed: '#closing',
          },
        },
        committed: { id: 'committed', meta: { text: 'acknowledged' }, on: begins },
      },
    },
    checkpointing: {
      meta: { process: 'checkpoint', text: 'the log goes home' },
      initial: 'beginning',
      states: {
        beginning: {
          id: 'beginning',
          meta: { text: 'syncs the log' },
          on: { 'log-sync': '#beginning', backfill: '#backfilling' },
        },
        backfilling: {
          id: 'backfilling',
          meta: { text: 'page by page' },
          on: {
            backfill: '#backfilling',
            'log-sync': '#backfilling',
            resize: '#backfilling',
            'database-sync': '#settling',
          },
        },
        settling: {
          id: 'settling',
          meta: { text: 'syncs the database' },
          on: { checkpointed: '#checkpointed' },
        },
        checkpointed: {
          id: 'checkpointed',
          meta: { text: 'the log may begin anew' },
          on: begins,
        },
      },
    },
    checking: {
      id: 'checking',
      meta: { process: 'session', text: 'walks the whole tree' },
      on: begins,
    },
    // Before an orderly end; or by a careless engine, for what it acknowledged before.
    catchingUp: {
      id: 'catching-up',
      meta: { process: 'commit', text: 'syncs what waited for it' },
      on: begins,
    },
    closing: {
      id: 'closing',
      meta: { process: 'session', text: 'the process ends' },
      on: { opened: '#idle', ...recovers },
    },
    crashed: {
      id: 'crashed',
      meta: { process: 'crash', text: 'memory is gone' },
      on: recovers,
    },
    recovering: {
      meta: { process: 'crash', text: 'starts from the disk' },
      initial: 'reading',
      states: {
        reading: {
          id: 'reading',
          meta: { text: 'reads the log' },
          on: recovers,
        },
        recovered: { id: 'recovered', meta: { text: 'open again' }, on: begins },
      },
    },
  },
});

export const choreography = choreographyOf(machine);
