// A page for those who work on the pictures: every shipped scenario at the moment it opens at.

import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { sentenceOf } from '../../engine/base/assert.ts';
import { Stage } from '../panels/Stage.tsx';
import type { Session } from '../player/types.ts';
import { type ShippedScenario, useDoors } from './doors.ts';
import { ThemeButton } from './ThemeButton.tsx';
import './lab.css';
import '../panels/panels.css';

export function Gallery() {
  const { scenarios } = useDoors();
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
      <div className="gallery-stage">{trouble ?? (session && <Stage session={session} />)}</div>
    </figure>
  );
}
