import { describe, expect, it } from 'vitest';
import { actionOf, KEYS, type KeyPress, nextSpeed } from './keys.ts';

const free = { letterKeys: true, typing: false, onControl: false };
const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
});

describe('keys', () => {
  it('every binding is found by its own press', () => {
    for (const binding of KEYS)
      expect(
        actionOf(
          press(binding.key, {
            shiftKey: binding.shift ?? false,
            ctrlKey: binding.command ?? false,
          }),
          free,
        ),
      ).toBe(binding.action);
  });

  it('of a slider or a tab are its own, but for letters and signs', () => {
    const moving = { ...free, moving: true };
    for (const key of ['ArrowRight', 'Home', ' '])
      expect(actionOf(press(key), moving)).toBe(undefined);
    expect(actionOf(press('/'), moving)).toBe('console');
    expect(actionOf(press('n'), moving)).toBe('nextOf');
    expect(actionOf(press('n'), { ...moving, letterKeys: false })).toBe(undefined);
  });

  it('are off while typing, but for the palette', () => {
    const typing = { ...free, typing: true };
    for (const binding of KEYS) {
      const action = actionOf(
        press(binding.key, {
          shiftKey: binding.shift ?? false,
          metaKey: binding.command ?? false,
        }),
        typing,
      );
      expect(action).toBe(binding.command ? 'palette' : undefined);
    }
  });

  it('letters can be switched off, arrows stay', () => {
    const noLetters = { ...free, letterKeys: false };
    expect(actionOf(press('n'), noLetters)).toBeUndefined();
    expect(actionOf(press('?', { shiftKey: true }), noLetters)).toBeUndefined();
    expect(actionOf(press('ArrowRight'), noLetters)).toBe('step');
  });

  it('a sign counts by its character, whatever Shift the keyboard needs for it', () => {
    expect(actionOf(press('?', { shiftKey: true }), free)).toBe('help');
    expect(actionOf(press('/', { shiftKey: true }), free)).toBe('console');
    expect(actionOf(press('N', { shiftKey: true }), free)).toBe('nextOf');
  });

  it('Space presses the button that has the focus', () => {
    expect(actionOf(press(' '), { ...free, onControl: true })).toBeUndefined();
    expect(actionOf(press(' '), free)).toBe('play');
  });

  it('of a radio button the arrows and Space are its own, the rest works', () => {
    const radio = { ...free, choosing: true, onControl: true };
    expect(actionOf(press('ArrowRight'), radio)).toBeUndefined();
    expect(actionOf(press(' '), radio)).toBeUndefined();
    expect(actionOf(press('Home'), radio)).toBe('home');
    expect(actionOf(press('End'), radio)).toBe('end');
    expect(actionOf(press('n'), radio)).toBe('nextOf');
  });

  it('leaves the keys of browser and system alone', () => {
    expect(actionOf(press('ArrowLeft', { altKey: true }), free)).toBeUndefined();
    expect(actionOf(press('ArrowLeft', { ctrlKey: true }), free)).toBeUndefined();
    expect(actionOf(press('n', { ctrlKey: true }), free)).toBeUndefined();
  });
});

describe('speed', () => {
  it('goes by doubling and halving, and stops at both ends', () => {
    expect(nextSpeed(1, 1)).toBe(2);
    expect(nextSpeed(1, -1)).toBe(0.5);
    expect(nextSpeed(16, 1)).toBe(16);
    expect(nextSpeed(0.25, -1)).toBe(0.25);
  });
});
