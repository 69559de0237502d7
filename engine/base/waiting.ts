// How synchronous work says that it cannot go on yet: it throws a Waiting, and whoever drives it tries
// the same step again when the promise is settled. The step must have done nothing before.

export class Waiting {
  readonly until: Promise<unknown>;
  constructor(until: Promise<unknown>) {
    this.until = until;
  }
}

/** An actor that lives elsewhere died there, or answers no more. */
export class LostActor extends Error {
  readonly actor: string;
  constructor(actor: string, how: string) {
    super(`the worker of ${actor} ${how}`);
    this.name = 'LostActor';
    this.actor = actor;
  }
}
