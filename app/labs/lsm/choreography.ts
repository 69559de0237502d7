// The LSM tree's choreography: what the engine is in the middle of, as a machine over its events.
//
//   idle ─▶ writing ─▶ flushing ⟲ compacting ⟲ ─▶ idle          one makes the other due
//      ├──▶ reading   ├▶ scanning
//   crashed ─▶ recovering ─▶ (flushing, compacting) ─▶ idle        a crash from anywhere
//
// A flush is frozen ─▶ writing ─▶ installing ─▶ cleaning; a compaction picked ─▶ merging ─▶ writing ─▶
// installing ─▶ cleaning, or only moved. Within them nothing but their own next event is taken: a read
// in the middle of a merge would be a fault of the engine, and the golden scripts would tell.

import { createMachine } from 'xstate';
import { choreographyOf } from '../choreography.ts';

/** Where a command can begin. */
const begins = {
  log: '#logged',
  slowdown: '#held-up',
  stall: '#stalled',
  sync: '#syncing',
  committed: '#acknowledged',
  freeze: '#frozen',
  pick: '#picked',
  drop: '#dropping',
  probe: '#probing',
  found: '#answered',
  absent: '#answered',
  scanning: '#placed',
  snapshot: '#idle',
  release: '#idle',
  paused: '#idle',
  resumed: '#idle',
  waited: '#idle',
  nothing: '#idle',
  checked: '#checking',
  closed: '#closing',
};
/** What may follow when background work has ended. */
const goesOn = { ...begins, proceed: '#proceeding' };

/** After the process is gone. A log that fills a memtable is flushed before it is all read. */
const recovers = {
  replay: '#replaying',
  block: '#replaying',
  table: '#replaying',
  install: '#rebuilt',
  recovered: '#recovered',
};

const machine = createMachine({
  id: 'lsm',
  initial: 'idle',
  on: { crash: '#crashed', opened: '#idle' },
  states: {
    idle: { id: 'idle', meta: { process: 'session', text: 'waits for a command' }, on: goesOn },
    writing: {
      meta: { process: 'write', text: 'into the log, then the memtable' },
      initial: 'logged',
      states: {
        heldUp: { id: 'held-up', meta: { text: 'gives way' }, on: { log: '#logged' } },
        logged: {
          id: 'logged',
          meta: { text: 'in the log' },
          on: { insert: '#inserted', sync: '#synced' },
        },
        synced: { id: 'synced', meta: { text: 'and safe there' }, on: { insert: '#inserted' } },
        inserted: {
          id: 'inserted',
          meta: { text: 'in the skip list' },
          on: { insert: '#inserted', ...goesOn },
        },
        stalled: { id: 'stalled', meta: { text: 'waits' }, on: goesOn },
        proceeding: { id: 'proceeding', meta: { text: 'goes on' }, on: { log: '#logged' } },
      },
    },
    committing: {
      meta: { process: 'write', text: 'makes writes durable' },
      initial: 'syncing',
      states: {
        syncing: { id: 'syncing', meta: { text: 'the log' }, on: { committed: '#acknowledged' } },
        acknowledged: { id: 'acknowledged', meta: { text: 'promised' }, on: goesOn },
      },
    },
    flushing: {
      meta: { process: 'flush', text: 'the memtable becomes a table' },
      initial: 'frozen',
      states: {
        frozen: {
          id: 'frozen',
          meta: { text: 'a new one takes over' },
          on: { block: '#sinking', table: '#sunk', ...begins },
        },
        sinking: {
          id: 'sinking',
          meta: { text: 'block by block' },
          on: { block: '#sinking', table: '#sunk' },
        },
        sunk: { id: 'sunk', meta: { text: 'the table is complete' }, on: { install: '#live' } },
        live: { id: 'live', meta: { text: 'the version has it' }, on: { obsolete: '#cleared' } },
        cleared: { id: 'cleared', meta: { text: 'its log goes' }, on: goesOn },
      },
    },
    compacting: {
      meta: { process: 'compaction', text: 'tables become fewer' },
      initial: 'picked',
      states: {
        picked: {
          id: 'picked',
          meta: { text: 'inputs and what they overlap' },
          on: {
            moved: '#moved',
            merge: '#merging',
            block: '#pouring',
            table: '#poured',
            install: '#swapped',
          },
        },
        merging: {
          id: 'merging',
          meta: { text: 'key by key' },
          on: { merge: '#merging', block: '#pouring', table: '#poured', install: '#swapped' },
        },
        pouring: {
          id: 'pouring',
          meta: { text: 'a block is written' },
          on: { merge: '#merging', block: '#pouring', table: '#poured' },
        },
        poured: {
          id: 'poured',
          meta: { text: 'a table is complete' },
          on: { merge: '#merging', block: '#pouring', table: '#poured', install: '#swapped' },
        },
        moved: { id: 'moved', meta: { text: 'as it is' }, on: { install: '#renamed' } },
        renamed: { id: 'renamed', meta: { text: 'another level' }, on: goesOn },
        dropping: { id: 'dropping', meta: { text: 'the oldest' }, on: { install: '#swapped' } },
        swapped: {
          id: 'swapped',
          meta: { text: 'the version changes' },
          on: { obsolete: '#emptied' },
        },
        emptied: { id: 'emptied', meta: { text: 'the inputs go' }, on: goesOn },
      },
    },
    reading: {
      meta: { process: 'read', text: 'from the newest place to the oldest' },
      initial: 'probing',
      states: {
        probing: {
          id: 'probing',
          meta: { text: 'looks' },
          on: { probe: '#probing', found: '#answered', absent: '#answered' },
        },
        answered: { id: 'answered', meta: { text: 'found, or not' }, on: goesOn },
      },
    },
    scanning: {
      meta: { process: 'read', text: 'merges all sources' },
      initial: 'placed',
      states: {
        placed: {
          id: 'placed',
          meta: { text: 'a cursor on each' },
          on: { row: '#delivering', scanned: '#scanned' },
        },
        delivering: {
          id: 'delivering',
          meta: { text: 'the smallest is next' },
          on: { row: '#delivering', scanned: '#scanned' },
        },
        scanned: { id: 'scanned', meta: { text: 'end of the range' }, on: goesOn },
      },
    },
    checking: {
      id: 'checking',
      meta: { process: 'session', text: 'reads every table' },
      on: goesOn,
    },
    closing: {
      id: 'closing',
      meta: { process: 'session', text: 'the process ends' },
      on: recovers,
    },
    crashed: {
      id: 'crashed',
      meta: { process: 'crash', text: 'memory is gone' },
      on: recovers,
    },
    recovering: {
      meta: { process: 'crash', text: 'starts from the disk' },
      initial: 'replaying',
      states: {
        replaying: {
          id: 'replaying',
          meta: { text: 'the logs again' },
          on: recovers,
        },
        rebuilt: {
          id: 'rebuilt',
          meta: { text: 'a new manifest' },
          on: { obsolete: '#swept', recovered: '#recovered' },
        },
        swept: { id: 'swept', meta: { text: 'old files go' }, on: { recovered: '#recovered' } },
        recovered: { id: 'recovered', meta: { text: 'open again' }, on: goesOn },
      },
    },
  },
});

export const choreography = choreographyOf(machine);
