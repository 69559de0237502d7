import { expect, test } from 'vitest';
import { labs as atHand } from './index.ts';
import { labs as lazy } from './lazy.ts';

test('the worker knows the same labs as the command line, and each is whole when it is loaded', async () => {
  expect(lazy.names).toEqual(atHand.map(({ name }) => name));
  for (const lab of atHand) {
    const loaded = await lazy.load(lab.name, true, '');
    expect(Object.keys(loaded).sort()).toEqual(Object.keys(lab).sort());
    expect(loaded.name).toBe(lab.name);
  }
});
