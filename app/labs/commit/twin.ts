// The picture in words: the decision, the nodes with their logs, what is on its way.

import { cutWords, nameOfFlight } from '../cluster.ts';
import type { TwinNode } from '../picture.ts';
import { blockedWords, type CommitMoment, doubtOf, recordWords, roundOf } from './round.ts';
import { nodeAria } from './view.ts';

export function twin(moment: CommitMoment): readonly TwinNode[] {
  const { value } = moment;
  const leaf = (key: string, text: string): TwinNode => ({ key, text, children: [] });
  const round = roundOf(value);
  const decision: TwinNode[] = round
    ? [
        {
          key: 'decision',
          text: `transaction ${round.tx}: ${round.decision ?? 'nothing is decided'}, ${round.story}`,
          children: round.votes.map(({ id, says }) =>
            leaf(`part:${id}`, `${id}: ${says ?? 'nothing heard'}`),
          ),
        },
      ]
    : [leaf('decision', 'no transaction has begun')];
  const nodes = value.nodes.map(
    (node): TwinNode => ({
      key: `node:${node.id}`,
      text: nodeAria(node, moment),
      select: `node:${node.id}`,
      children: [
        ...node.log.map((record, index) => ({
          ...leaf(
            `record:${node.id}:${index}`,
            `${recordWords(record)}, ${index < node.durable ? 'on the disk' : 'not on the disk yet'}`,
          ),
          select: `record:${node.id}:${index}`,
        })),
        ...doubtOf(node, value).map(({ id, why }) =>
          leaf(`doubt:${node.id}:${id}`, `${id} ${why}`),
        ),
      ],
    }),
  );
  const messages: TwinNode = {
    key: 'messages',
    text: `${value.flights.length} ${value.flights.length === 1 ? 'message' : 'messages'} under way`,
    children: value.flights.map((flight) => {
      const name = nameOfFlight(flight);
      const left = Math.max(0, Math.round((flight.at - value.now) / 100) / 10);
      return {
        ...leaf(
          `flight:${name}`,
          `${name}: ${flight.text}, ${flight.held ? 'held' : `in ${left} ms`}`,
        ),
        select: `flight:${name}`,
      };
    }),
  };
  const ids = value.nodes.map(({ id }) => id);
  const blocked = blockedWords(value);
  return [
    ...decision,
    ...nodes,
    ...(value.cuts.length > 0 ? [leaf('cuts', cutWords(ids, value.cuts))] : []),
    ...(blocked ? [leaf('blocked', blocked)] : []),
    messages,
  ];
}
