// A page for those who work on the pictures: every shipped scenario, at the moment it opens at and at
// the first moment of each process that it goes through. ← → go from moment to moment, ↑ ↓ from
// scenario to scenario.

import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { sentenceOf } from '../../engine/base/assert.ts';
import { Stage } from '../panels/Stage.tsx';
import { useSession } from '../panels/use.ts';
import type { Session } from '../player/types.ts';
import { type ShippedScenario, useDoors, useScenarios } from './doors.ts';
import { ThemeButton } from './ThemeButton.tsx';
import './lab.css';
import '../panels/panels.css';

export function Gallery() {
  const scenarios = useScenarios();
  return (
    <main className="gallery">
      <div className="gallery-head">
        <h1>Gallery</h1>
        <Link href="/">Front page</Link>
        <ThemeButton />
      </div>
      {scenarios.map((scenario) => (
        <Piece key={scenario.name} scenario={scenario} />
      ))}
    </main>
  );
}

/** Opens its session when it comes into sight, and closes it when it leaves: each has a worker. */
function Piece({ scenario }: { readonly scenario: ShippedScenario }) {
  const doors = useDoors();
  const box = useRef<HTMLElement>(null);
  const [inSight, setInSight] = useState(false);
  const [session, setSession] = useState<Session>();
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) =>
      setInSight(entry?.isIntersecting ?? false),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!inSight) return;
    let alive = true;
    let opened: Session | undefined;
    doors.open({ lab: scenario.lab, scenario: scenario.name, forShow: true }).then(
      (made) => {
        opened = made;
        if (alive) setSession(made);
        else made.close();
      },
      (thrown) => {
        if (alive) setTrouble(sentenceOf(thrown));
      },
    );
    return () => {
      alive = false;
      opened?.close();
      setSession(undefined);
    };
  }, [doors, inSight, scenario]);
  return (
    <figure ref={box} className="gallery-piece">
      <figcaption>
        <Link href={`/lab/${scenario.lab}?scenario=${scenario.name}`}>{scenario.title}</Link>{' '}
        <code>{scenario.name}</code>
      </figcaption>
      {session && <Moments session={session} />}
      <div className="gallery-stage">{trouble ?? (session && <Stage session={session} />)}</div>
    </figure>
  );
}

interface Telling {
  readonly name: string;
  readonly index: number;
}

/** The moment that the scenario opens at, and where each process begins for the first time. */
function Moments({ session }: { readonly session: Session }) {
  const outline = useSession(session, (state) => state.outline);
  const kinds = useSession(session, ({ info }) => info.kinds);
  const now = useSession(session, ({ moment }) => moment?.index);
  const opened = useRef<number>(undefined);
  opened.current ??= now;
  const telling = useMemo(() => {
    const found = new Map<string, number>();
    for (let index = 0; index < outline.length; index++) {
      const process = kinds[outline.kinds[index] as number]?.process;
      if (process !== undefined && !found.has(process)) found.set(process, index);
    }
    return [...found].map(([name, index]): Telling => ({ name, index }));
  }, [outline, kinds]);
  if (now === undefined || opened.current === undefined) return null;
  const all = [{ name: 'opens at', index: opened.current }, ...telling];
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const rows = [...document.querySelectorAll<HTMLElement>('.gallery-moments')];
    const row = rows.indexOf(event.currentTarget);
    const next = {
      ArrowRight: buttons[at + 1],
      ArrowLeft: buttons[at - 1],
      ArrowDown: rows[row + 1]?.querySelector('button'),
      ArrowUp: rows[row - 1]?.querySelector('button'),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
    if (buttons.includes(next)) next.click();
  };
  return (
    <div className="gallery-moments" role="toolbar" aria-label="Moments" onKeyDown={onKeyDown}>
      {all.map(({ name, index }) => (
        <button
          key={name}
          type="button"
          className="btn small"
          aria-pressed={now === index}
          data-name={name}
          onClick={() => session.seek(index)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
