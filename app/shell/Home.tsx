// The front page: what this is, the lab itself at work, and sixteen chapters as a descent.

import { lazy, Suspense, useEffect, useState } from 'react';
import { ErrorBoundary } from 'react-error-boundary';
import { Link } from 'wouter';
import { LESSONS } from '../lessons/index.ts';
import { PARTS } from './chapters.ts';
import { desk, openDialog } from './desk.ts';
import { useDoors } from './doors.ts';
import { Logo } from './Logo.tsx';
import { ThemeButton } from './ThemeButton.tsx';
import './home.css';

const Hero = lazy(() => import('./Hero.tsx').then((m) => ({ default: m.Hero })));

/** How many chapters have a lab, in words as long as they are few. */
const COUNT = PARTS.flatMap(({ chapters }) => chapters).filter(({ lab }) => lab).length;
const READY = ['None', 'One', 'Two', 'Three', 'Four', 'Five', 'Six'][COUNT] ?? COUNT;

export function Home() {
  const { version, first } = useDoors();
  useEffect(() => {
    document.title = 'Bathysphere: see what a database does with your bytes';
    // What was handed in to a lab is done with once the reader is back here.
    desk.setState({ handedIn: undefined });
  }, []);
  return (
    <div className="home">
      <header className="home-bar">
        <span className="logo">
          <Logo size={28} /> Bathysphere
        </span>
        <span className="grow" />
        <button type="button" className="btn jump" onClick={() => openDialog('palette')}>
          Jump to… <kbd>⌘K</kbd>
        </button>
        <button type="button" className="btn" onClick={() => openDialog('open')}>
          Open a database…
        </button>
        <button type="button" className="btn" onClick={() => openDialog('paste')}>
          Paste a scenario
        </button>
        <ThemeButton />
      </header>
      <main>
        <div className="hero">
          <div className="hero-words">
            <h1>See what a database does with your bytes</h1>
            <p>
              Real storage engines and protocols at work in your browser, one step at a time. What
              you see is drawn from the engine’s own bytes, and SQLite and LevelDB open its files.{' '}
              {READY} of sixteen chapters can be entered.
            </p>
            <div className="hero-buttons">
              <Link href="/lab/btree" className="btn primary big">
                Start the first dive
              </Link>
              <Link href="/lesson/btree" className="btn big">
                Take the lesson
              </Link>
              <Link href={`/lab/btree?scenario=${first.btree}&watch=split`} className="btn big">
                Watch a page split
              </Link>
            </div>
          </div>
          <HeroPlace />
        </div>
        {PARTS.map((part, index) => (
          <section key={part.title} className={`part part-${index + 1}`}>
            <h2>
              {part.title} <span>{part.line}</span>
            </h2>
            <ol start={part.chapters[0]?.number}>
              {part.chapters.map((chapter) => (
                <li key={chapter.number} className={chapter.lab ? 'ready' : ''}>
                  <span className="chapter-number" aria-hidden="true">
                    {chapter.number}
                  </span>
                  <h3>
                    {chapter.lab ? (
                      <Link href={`/lab/${chapter.lab}`}>{chapter.title}</Link>
                    ) : (
                      chapter.title
                    )}
                  </h3>
                  <p>{chapter.line}</p>
                  <span className="chapter-state">{chapter.lab ? 'open the lab' : 'not yet'}</span>
                  {chapter.also && (
                    <Link href={`/lab/${chapter.also.lab}`} className="chapter-lesson">
                      {chapter.also.title}
                    </Link>
                  )}
                  {LESSONS.filter(({ lab }) => lab === chapter.lab).map((lesson) => (
                    <Link
                      key={lesson.name}
                      href={`/lesson/${lesson.name}`}
                      className="chapter-lesson"
                    >
                      Lesson {lesson.number}: {lesson.title}
                    </Link>
                  ))}
                </li>
              ))}
            </ol>
          </section>
        ))}
      </main>
      <footer className="home-foot">
        <p>Everything runs in this page: no server sees your data. Engine {version}.</p>
      </footer>
    </div>
  );
}

/** Keeps the hero's place from the first paint; the lab itself comes when the browser is idle. */
function HeroPlace() {
  const [mounted, setMounted] = useState(false);
  useEffect(() => {
    const mount = () => setMounted(true);
    if ('requestIdleCallback' in window) {
      const id = requestIdleCallback(mount, { timeout: 1200 });
      return () => cancelIdleCallback(id);
    }
    const timer = setTimeout(mount, 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="hero-stage">
      {mounted && (
        <ErrorBoundary fallback={<p className="hero-off">The lab could not be started here.</p>}>
          <Suspense>
            <Hero />
          </Suspense>
        </ErrorBoundary>
      )}
    </div>
  );
}
