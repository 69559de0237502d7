// The picture in words: the nodes with their logs, what is on its way, the clients.

import { cutWords } from '../cluster.ts';
import type { TwinNode } from '../picture.ts';
import { entryWords, knownOf, nodeAria, type RaftMoment } from './view.ts';

export function twin(moment: RaftMoment): readonly TwinNode[] {
  const { value } = moment;
  const nodes = value.nodes.map((node): TwinNode => {
    const known = knownOf(node);
    const commit = node.state?.commit ?? 0;
    return {
      key: `node:${node.id}`,
      text: nodeAria(node, value),
      select: `node:${node.id}`,
      children: (known?.entries ?? []).map((entry) => ({
        key: `entry:${node.id}:${entry.index}`,
        text: `entry ${entry.index}, term ${entry.term}: ${entryWords(entry)}${node.state ? (entry.index <= commit ? ', committed' : ', not committed') : ''}`,
        select: `entry:${node.id}:${entry.index}`,
        children: [],
      })),
    };
  });
  const messages: TwinNode = {
    key: 'messages',
    text: `${value.flights.length} ${value.flights.length === 1 ? 'message' : 'messages'} under way`,
    children: value.flights.map((flight) => {
      const name = `${flight.from}>${flight.to}#${flight.n}${flight.copy ? '+' : ''}`;
      return {
        key: `flight:${name}`,
        text: `${name}: ${flight.text}, ${flight.held ? 'held' : `in ${Math.max(0, Math.round((flight.at - value.now) / 100) / 10)} ms`}`,
        select: `flight:${name}`,
        children: [],
      };
    }),
  };
  const clients = value.clients.map(
    ({ id, open, waiting, resting }): TwinNode => ({
      key: `client:${id}`,
      text: `client ${id}: ${open ? `asks ${open.asked} for ${open.op.op} ${open.op.key}, try ${open.tries}` : resting ? 'resting after an unknown outcome' : 'idle'}${waiting > 0 ? `, ${waiting} waiting` : ''}`,
      select: `client:${id}`,
      children: [],
    }),
  );
  const network: TwinNode[] =
    value.cuts.length > 0
      ? [
          {
            key: 'cuts',
            text: cutWords(
              value.nodes.map(({ id }) => id),
              value.cuts,
            ),
            children: [],
          },
        ]
      : [];
  return [...nodes, ...network, messages, ...clients];
}
