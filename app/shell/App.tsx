// The routes, and what is there on every page: the palette, pasting a scenario, dropping a file.

import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { ErrorBoundary, type FallbackProps } from 'react-error-boundary';
import { Route, Router, Switch } from 'wouter';
import { useStore } from 'zustand';
import { desk, openDialog } from './desk.ts';
import { Home } from './Home.tsx';
import { usePath } from './location.ts';
import { Trouble } from './Trouble.tsx';

const LabScreen = lazy(() => import('./LabScreen.tsx').then((m) => ({ default: m.LabScreen })));
const LessonScreen = lazy(() =>
  import('./LessonScreen.tsx').then((m) => ({ default: m.LessonScreen })),
);
const CompareScreen = lazy(() =>
  import('./CompareScreen.tsx').then((m) => ({ default: m.CompareScreen })),
);
const Gallery = lazy(() => import('./Gallery.tsx').then((m) => ({ default: m.Gallery })));
const Palette = lazy(() => import('./Palette.tsx').then((m) => ({ default: m.Palette })));
const Paste = lazy(() => import('./Paste.tsx').then((m) => ({ default: m.Paste })));
const OpenDatabase = lazy(() =>
  import('./OpenDatabase.tsx').then((m) => ({ default: m.OpenDatabase })),
);
const Workspaces = lazy(() => import('./Workspaces.tsx').then((m) => ({ default: m.Workspaces })));
const DropNote = lazy(() => import('./DropNote.tsx').then((m) => ({ default: m.DropNote })));
const Help = lazy(() => import('./Help.tsx').then((m) => ({ default: m.Help })));

function Broken({ error, resetErrorBoundary }: FallbackProps) {
  const [path] = usePath();
  const message = error instanceof Error ? error.message : String(error);
  useEffect(() => {
    // Leaving the page that broke is a way back too.
    if (path === '/') resetErrorBoundary();
  }, [path, resetErrorBoundary]);
  return (
    <Trouble title="This page stopped working">
      <p>
        A part of the page failed, and that is a fault of ours: <code>{message}</code>
      </p>
      <p>Your work up to the last sync is kept.</p>
      <button type="button" className="btn primary" onClick={resetErrorBoundary}>
        Try again
      </button>
    </Trouble>
  );
}

export function App() {
  const dialog = useStore(desk, (state) => state.dialog);
  const close = useCallback(() => desk.setState({ dialog: undefined, draft: undefined }), []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey)
        return;
      event.preventDefault();
      openDialog(desk.getState().dialog === 'palette' ? undefined : 'palette');
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <Router hook={usePath}>
      <ErrorBoundary FallbackComponent={Broken}>
        <Suspense fallback={<p className="loading">Going down…</p>}>
          <Switch>
            <Route path="/">
              <Home />
            </Route>
            <Route path="/lab/:name">{({ name }) => <LabScreen key={name} name={name} />}</Route>
            <Route path="/lesson/:name/:beat?">
              {({ name, beat }) => (
                <LessonScreen key={name} name={name} {...(beat !== undefined && { beat })} />
              )}
            </Route>
            <Route path="/compare">
              <CompareScreen />
            </Route>
            <Route path="/gallery">
              <Gallery />
            </Route>
            <Route>
              <Trouble title="There is nothing at this depth">
                <p>The address leads to no page of this lab.</p>
              </Trouble>
            </Route>
          </Switch>
        </Suspense>
      </ErrorBoundary>
      <Suspense>
        {dialog === 'palette' && <Palette onClose={close} />}
        {dialog === 'paste' && <Paste onClose={close} />}
        {dialog === 'open' && <OpenDatabase onClose={close} />}
        {dialog === 'workspaces' && <Workspaces onClose={close} />}
        {dialog === 'help' && <Help onClose={close} />}
      </Suspense>
      <DropZone />
    </Router>
  );
}

/** Files dropped anywhere on the window. */
function DropZone() {
  const [over, setOver] = useState(false);
  const [complaint, setComplaint] = useState<string>();
  useEffect(() => {
    let depth = 0;
    const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      depth++;
      setOver(true);
      setComplaint(undefined);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const overIt = (event: DragEvent) => {
      if (carriesFile(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      const { files = [], items = [] } = event.dataTransfer ?? {};
      const given = [...files];
      // Whether one is a folder can only be asked now.
      const entries = [...items].map((item) => item.webkitGetAsEntry());
      void import('./incoming.ts')
        .then(({ takeFiles }) => takeFiles(given, entries))
        .then(setComplaint);
    };
    addEventListener('dragenter', enter);
    addEventListener('dragleave', leave);
    addEventListener('dragover', overIt);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragenter', enter);
      removeEventListener('dragleave', leave);
      removeEventListener('dragover', overIt);
      removeEventListener('drop', drop);
    };
  }, []);
  if (!over && complaint === undefined) return null;
  return (
    <Suspense>
      <DropNote complaint={complaint} onClose={() => setComplaint(undefined)} />
    </Suspense>
  );
}
