// Two ways to say that something is wrong. An assertion that fails is a bug of ours; a Complaint is
// bad input from the world outside, told in one line: what, where, and what was expected.

export function assert(condition: unknown, mustHold: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${mustHold}`);
}

/** Where in a text something stands; both count from 1. */
export interface Place {
  readonly line?: number;
  readonly column?: number;
}

/** Bad input. The message is one sentence that names what was found and what was expected. */
export class Complaint extends Error {
  readonly place: Place;
  constructor(message: string, place: Place = {}) {
    super(message);
    this.name = 'Complaint';
    this.place = place;
  }

  /** The same complaint, with what is known of the place filled in from outside. */
  at(place: Place): Complaint {
    return new Complaint(this.message, { ...place, ...this.place });
  }

  /** `line 3, column 7: …`, as far as the place is known. */
  get sentence(): string {
    const { line, column } = this.place;
    const where = [
      ...(line === undefined ? [] : [`line ${line}`]),
      ...(column === undefined ? [] : [`column ${column}`]),
    ].join(', ');
    return where ? `${where}: ${this.message}` : this.message;
  }
}

/** The sentence for any thrown thing, for the one line that the world outside gets. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof Complaint) return thrown.sentence;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
