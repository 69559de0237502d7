// A node's turn: it reads and changes its state, writes its log, sends, and sets timers, in the order
// in which that is to happen. What comes after a forced write waits until it is on the disk.

import type { Effect, Id, Reaction } from '../../sim/actor.ts';
import type {
  Acceptance,
  CommitDid,
  CommitDisk,
  CommitState,
  Coordination,
  LogRecord,
  Message,
  Participation,
} from './types.ts';

export type CommitReaction = Reaction<CommitState, Message, CommitDisk>;

export class Turn {
  state: CommitState;
  readonly effects: Effect<Message, CommitDisk>[] = [];
  did: CommitDid = { kind: 'nothing' };

  constructor(state: CommitState) {
    this.state = state;
  }

  done(): CommitReaction {
    return { state: this.state, effects: this.effects, did: this.did };
  }

  /** Writes a line and waits for the disk. */
  force(record: LogRecord): void {
    this.note(record);
    this.state = { ...this.state, forced: this.state.forced + 1 };
    const { log, kept, keptLines = 0, rules } = this.state;
    if (!kept || !rules.keeper) {
      this.effects.push({ do: 'save', disk: { log } });
      return;
    }
    const next = rules.keeper.force(kept, keptLines, log.slice(keptLines));
    this.state = { ...this.state, kept: next, keptLines: log.length };
    this.effects.push({ do: 'save', disk: { log, kept: next } });
  }

  /** Writes a line that may be lost: it goes to the disk with the next that is forced. */
  note(record: LogRecord): void {
    this.state = { ...this.state, log: [...this.state.log, record] };
  }

  /** `early`: before what was forced is on the disk, as only a wrong protocol does. */
  send(to: Id, message: Message, early = false): void {
    this.effects.push({ do: 'send', to, message, ...(early && { early }) });
  }

  wait(timer: string): void {
    const { patience } = this.state.rules;
    this.effects.push({ do: 'set', timer, least: patience, most: patience });
  }

  stop(timer: string): void {
    this.effects.push({ do: 'clear', timer });
  }

  coordination(tx: number): Coordination | undefined {
    return this.state.coordinates.find((one) => one.tx === tx);
  }
  coordinate(next: Coordination): void {
    this.state = { ...this.state, coordinates: replaced(this.state.coordinates, next) };
  }

  participation(tx: number): Participation | undefined {
    return this.state.participates.find((one) => one.tx === tx);
  }
  participate(next: Participation): void {
    this.state = { ...this.state, participates: replaced(this.state.participates, next) };
  }

  acceptance(tx: number): Acceptance | undefined {
    return this.state.accepts.find((one) => one.tx === tx);
  }
  accept(next: Acceptance): void {
    this.state = { ...this.state, accepts: replaced(this.state.accepts, next) };
  }
}

function replaced<T extends { readonly tx: number }>(list: readonly T[], next: T): readonly T[] {
  return list.some(({ tx }) => tx === next.tx)
    ? list.map((one) => (one.tx === next.tx ? next : one))
    : [...list, next];
}
