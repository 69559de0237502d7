/** The Raft lab's parts of the sweep: storms that the correct protocol bears, and switches that they bring out. */
import { opinionOn } from '../../engine/check/apart.testing.ts';
import { CAUGHT, CLEAN, exported, scriptOf, storm } from '../../engine/labs/storms.testing.ts';
import type { Figures, Part } from './part.ts';

/** Storms in each weather. */
const SEEDS = 200;

export const stormPart: Part = {
  name: 'storms',
  about: `Raft: ${SEEDS} storms in each of ${Object.keys(CLEAN).length} weathers, with no referee lit; and the clients' exported histories, judged by a checker written apart`,
  run(share, tell) {
    let storms = 0;
    let events = 0;
    let leaders = 0;
    let changes = 0;
    let operations = 0;
    let unknown = 0;
    const told = (): Figures => ({
      'storms in which no referee lit, with a linearizable history': storms,
      weathers: Object.keys(CLEAN).length,
      events,
      'terms with a leader': leaders,
      'changes of the voters, committed': changes,
      'operations of clients': operations,
      'of these with an unknown outcome': unknown,
    });
    for (const [name, weather] of Object.entries(CLEAN)) {
      for (let seed = 1; seed <= Math.ceil(SEEDS * share); seed++) {
        const outcome = storm(weather, seed);
        const again = `${name}, seed ${seed}\n${scriptOf(weather, seed)}`;
        const [problem] = outcome.problems;
        if (problem) throw new Error(`${problem.referee}: ${problem.text}\n${again}`);
        const opinion = opinionOn(exported(outcome.state));
        if (opinion.linearizable !== true)
          throw new Error(
            opinion.linearizable === false
              ? `the history of ${opinion.keys.join(', ')} has no order\n${again}`
              : `the history could not be judged\n${again}`,
          );
        const { ghost } = outcome.state.world;
        storms++;
        events += outcome.events;
        leaders += ghost.leaders.size;
        for (const block of ghost.committed.blocks)
          for (const { entry } of block) if (entry.command?.is === 'voters') changes++;
        operations += opinion.operations;
        unknown += opinion.unknown;
        if (storms % 25 === 0) tell(told());
      }
    }
    return told();
  },
};

/** Storms a switch, for the share of them that bring it out. */
const TRIES = 60;

export const switchPart: Part = {
  name: 'switches',
  about: `Raft: ${TRIES} storms with each of ${CAUGHT.length} switches: how soon a referee lights, and how soon the clients' history shows it`,
  run(share, tell) {
    const figures: Record<string, string> = {};
    for (const { sabotage, weather, within, seen } of CAUGHT) {
      const tries = Math.max(within, Math.ceil(TRIES * share));
      const lit: number[] = [];
      const shown: number[] = [];
      const referees = new Set<string>();
      for (let seed = 1; seed <= tries; seed++) {
        const broken = { ...weather, sabotage: [sabotage] };
        const outcome = storm(broken, seed, seen === undefined);
        if (outcome.problems.length > 0) lit.push(seed);
        for (const { referee } of outcome.problems) referees.add(referee);
        if (seen === undefined) continue;
        if (opinionOn(exported(outcome.state)).linearizable === false) shown.push(seed);
      }
      const [first] = lit;
      if (first === undefined || first > within)
        throw new Error(
          `${sabotage}: no referee lit within ${within} seeds\n${scriptOf(weather, 1)}`,
        );
      if (seen !== undefined && shown.length === 0)
        throw new Error(
          `${sabotage}: clients saw nothing in ${tries} seeds\n${scriptOf(weather, 1)}`,
        );
      figures[sabotage] =
        `lit first at seed ${first} (promised: ${within}), in ${lit.length} of ${tries}, by ${[...referees].join(', ')}; ${
          seen === undefined
            ? 'clients need not see it'
            : `no order of the history first at seed ${shown[0]}, in ${shown.length}`
        }`;
      tell(figures);
    }
    return figures;
  },
};
