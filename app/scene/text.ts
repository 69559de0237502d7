// A scene as text: what tests record and the command line prints. A shape a line, what rides on it
// below it, in the order of its keys' places; places are whole numbers of scene units.

import type { Scene, Shape } from './scene.ts';

export function sceneText(scene: Scene): string {
  const riders = new Map<string, Shape[]>();
  const names = new Set(scene.shapes.map(({ key }) => key));
  for (const shape of scene.shapes) {
    if (shape.on === undefined || !names.has(shape.on) || shape.kind === 'edge') continue;
    riders.set(shape.on, [...(riders.get(shape.on) ?? []), shape]);
  }
  const lines = [
    `${scene.detail}, ${whole(scene.width)} by ${whole(scene.height)}${
      scene.focus.length > 0 ? `, focus ${scene.focus.join(' ')}` : ''
    }`,
  ];
  for (const shape of scene.shapes) {
    if (shape.kind === 'edge') lines.push(edge(shape));
    else if (shape.on === undefined || !names.has(shape.on)) {
      lines.push(line(shape));
      for (const rider of riders.get(shape.key) ?? []) lines.push(`  ${line(rider)}`);
    }
  }
  for (const words of scene.unsaid ?? []) lines.push(`unsaid: ${words}`);
  return `${lines.join('\n')}\n`;
}

const whole = (value: number): number => Math.round(value) || 0;

function line(shape: Shape): string {
  const { key, kind, x, y, w, h, tone, text, note, segments } = shape;
  const size = w || h ? ` ${whole(w)}×${whole(h)}` : '';
  const words = [text, note].filter(Boolean).join(' | ');
  const bar =
    kind === 'bar' && segments
      ? ` ${segments.map(({ from, to, tone: of }) => `${of[0]}${whole(from * 100)}-${whole(to * 100)}`).join(' ')}`
      : '';
  return `${key} ${tone}${marks(shape)} at ${whole(x)},${whole(y)}${size}${words ? ` "${words}"` : ''}${bar}`;
}

const edge = (shape: Shape): string =>
  `${shape.key} ${shape.on ?? '?'} → ${shape.toOn ?? '?'}${marks(shape)}`;

const marks = ({ dashed, lit, hatched, quiet, crossed }: Shape): string =>
  Object.entries({ dashed, lit, hatched, quiet, crossed })
    .filter(([, set]) => set)
    .map(([name]) => ` ${name}`)
    .join('');
