// The keys of a lab as data: the help dialog lists them, `actionOf` finds them. Keys that are letters
// or signs can be switched off, since who dictates or types elsewhere would set them off by accident.

export type Action =
  | 'back'
  | 'step'
  | 'previousCommand'
  | 'nextCommand'
  | 'home'
  | 'end'
  | 'play'
  | 'nextOf'
  | 'slower'
  | 'faster'
  | 'console'
  | 'palette'
  | 'help';

export interface KeyBinding {
  readonly action: Action;
  /** As `KeyboardEvent.key` names it. */
  readonly key: string;
  readonly shift?: boolean;
  /** Ctrl, or ⌘ on a Mac. */
  readonly command?: boolean;
  /** A letter or a sign: can be switched off. */
  readonly letter?: boolean;
  readonly shown: string;
  readonly does: string;
}

export const KEYS: readonly KeyBinding[] = [
  { action: 'step', key: 'ArrowRight', shown: '→', does: 'One moment on' },
  { action: 'back', key: 'ArrowLeft', shown: '←', does: 'One moment back' },
  {
    action: 'nextCommand',
    key: 'ArrowRight',
    shift: true,
    shown: 'Shift →',
    does: 'To the next operation',
  },
  {
    action: 'previousCommand',
    key: 'ArrowLeft',
    shift: true,
    shown: 'Shift ←',
    does: 'To the operation before',
  },
  { action: 'home', key: 'Home', shown: 'Home', does: 'To the first moment' },
  { action: 'end', key: 'End', shown: 'End', does: 'To the last moment' },
  { action: 'play', key: ' ', shown: 'Space', does: 'Play, or pause' },
  {
    action: 'nextOf',
    key: 'n',
    letter: true,
    shown: 'N',
    does: 'To the next beginning of the marked process',
  },
  { action: 'slower', key: '[', letter: true, shown: '[', does: 'Slower' },
  { action: 'faster', key: ']', letter: true, shown: ']', does: 'Faster' },
  { action: 'console', key: '/', letter: true, shown: '/', does: 'Write an operation' },
  {
    action: 'palette',
    key: 'k',
    command: true,
    shown: '⌘K or Ctrl K',
    does: 'Jump to a lab, a scenario or an operation',
  },
  { action: 'help', key: '?', letter: true, shown: '?', does: 'These keys' },
];

export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export interface KeySituation {
  readonly letterKeys: boolean;
  /** The focus is where keys write text or change a value. */
  readonly typing: boolean;
  /** The focus is on something that Space or Enter presses. */
  readonly onControl: boolean;
  /** The focus is on one of several choices: arrows go to the next, and nothing is typed. */
  readonly choosing?: boolean;
  /** The focus is on something that moves by keys of its own, and takes no letters. */
  readonly moving?: boolean;
}

export function actionOf(press: KeyPress, situation: KeySituation): Action | undefined {
  const command = press.ctrlKey || press.metaKey;
  if (press.altKey) return undefined;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  for (const binding of KEYS) {
    if (binding.key !== key) continue;
    if ((binding.command ?? false) !== command) continue;
    if (command) return binding.action; // Works while typing too: it writes nothing.
    if (situation.typing || (situation.moving && !binding.letter)) return undefined;
    if (situation.choosing && key.startsWith('Arrow')) return undefined;
    if (binding.letter) {
      // `?` needs Shift on most keyboards, `/` on some: for signs the character decides.
      if (!situation.letterKeys) return undefined;
      return binding.action;
    }
    if ((binding.shift ?? false) !== press.shiftKey) continue;
    if (key === ' ' && situation.onControl) return undefined;
    return binding.action;
  }
  return undefined;
}

/** What the focus means for keys. */
export function situationOf(target: EventTarget | null, letterKeys: boolean): KeySituation {
  if (!(target instanceof Element)) return { letterKeys, typing: false, onControl: false };
  const choosing = target.matches('input[type="radio"], input[type="checkbox"]');
  // Menus and trees use arrows and letters themselves; so does everything in an open dialog.
  const typing =
    target.closest(
      'input:not([type="radio"], [type="checkbox"]), select, textarea, [contenteditable], [role="tree"], [role="treeitem"], [role="listbox"], [role="grid"], [data-own-keys], dialog[open]',
    ) !== null;
  const moving = target.closest('[role="slider"], [role="tab"]') !== null;
  const onControl = target.closest('button, a, summary, [role="button"]') !== null;
  return { letterKeys, typing, onControl: onControl || choosing, choosing, moving };
}

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

export function nextSpeed(speed: number, direction: 1 | -1): number {
  const at = SPEEDS.findIndex((known) => known >= speed);
  const index = at === -1 ? SPEEDS.length - 1 : at;
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index + direction))] ?? 1;
}

export const speedText = (speed: number): string => `${speed}×`;
