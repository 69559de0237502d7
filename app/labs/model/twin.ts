// The picture in words: the things with their variables, the messages, and what can come next.

import type { TwinNode } from '../picture.ts';
import { type ModelMoment, saidText, thingWords } from './view.ts';

export function twin({ value }: ModelMoment): readonly TwinNode[] {
  const rows = value.rows.map(
    ({ title, things, token }): TwinNode => ({
      key: `title:${title}`,
      text: token ? `${title}, ${token.name} ${token.says} at ${token.on}` : title,
      children: things.map((thing) => ({
        key: `thing:${thing.name}`,
        text: thingWords(thing),
        select: `thing:${thing.name}`,
        children: [],
      })),
    }),
  );
  const said: TwinNode[] = !value.said
    ? []
    : [
        {
          key: 'title:said',
          text: `${value.said.length} ${value.said.length === 1 ? 'message' : 'messages'} sent`,
          children: value.said.map((message) => ({
            key: `said:${message.name}`,
            text: saidText(message),
            select: `said:${message.name}`,
            children: [],
          })),
        },
      ];
  const ways: TwinNode[] = value.ways
    .filter(({ messages }) => messages.length > 0)
    .map((way) => ({
      key: way.queue ? `way:${way.name}:${way.messages.length}` : `way:${way.to}:${way.name}`,
      text: `${way.queue ? `${way.name}, ` : ''}from ${way.from} to ${way.to}: ${way.messages.join(', ')}`,
      children: [],
    }));
  const moves = value.steps.filter(({ changes }) => changes.length > 0);
  const next: TwinNode = {
    key: 'next',
    text: `${moves.length} ${moves.length === 1 ? 'step' : 'steps'} would change something`,
    select: 'next',
    children: moves.map(({ name, changes, fault }) => ({
      key: `step:${name}`,
      text: `${name}${fault ? ', a fault' : ''}: ${changes.join(', ')}`,
      children: [],
    })),
  };
  return [...rows, ...said, ...ways, next];
}
