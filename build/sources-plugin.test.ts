import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { labs } from '../engine/labs/index.ts';
import { functionsOf } from './sources-plugin.ts';

const SAMPLE = `import { x } from './x.ts';

/** Adds. */
export function add(a: number, b: number): number {
  if (a > b) {
    return add(b, a);
  }
  return a + b;
}

const twice = (n: number): number => n * 2;

const longer = (n: number): number => {
  return twice(n);
};

class Tree {
  #page(index: number): number {
    return index;
  }

  // Reads.
  get(key: number): number {
    add(key, 1);
    return this.#page(key);
  }
}
`;

describe('functions in a source', () => {
  const found = functionsOf(SAMPLE);
  const text = (name: string) => {
    const place = found[name];
    return (
      place &&
      SAMPLE.split('\n')
        .slice(place.doc - 1, place.to)
        .join('\n')
    );
  };

  it('reaches from its comment to its closing brace', () => {
    expect(text('add')?.startsWith('/** Adds. */\nexport function add')).toBe(true);
    expect(text('add')?.endsWith('return a + b;\n}')).toBe(true);
  });

  it('finds arrows and methods', () => {
    expect(text('twice')).toBe('const twice = (n: number): number => n * 2;');
    expect(text('longer')?.split('\n')).toHaveLength(3);
    expect(text('get')?.split('\n')).toEqual([
      '  // Reads.',
      '  get(key: number): number {',
      '    add(key, 1);',
      '    return this.#page(key);',
      '  }',
    ]);
    expect(text('#page')?.split('\n')).toHaveLength(3);
  });

  it('a call or a keyword is no function', () => {
    expect(Object.keys(found).sort()).toEqual(['#page', 'add', 'get', 'longer', 'twice']);
  });

  it('every function that a lab names as its source is there to be shown', () => {
    for (const lab of labs)
      for (const { kind } of lab.kinds) {
        const { file, name } = lab.sourceOf(kind);
        const place = functionsOf(readFileSync(file, 'utf8'))[name];
        expect(place, `${kind}: ${name} in ${file}`).toBeDefined();
        expect((place?.to ?? 0) - (place?.from ?? 0), `${name} has a body`).toBeGreaterThan(1);
      }
  });
});
