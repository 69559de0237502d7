// The inspector: what is selected, as bytes or as an actor's state; the engine's function at work; the
// value behind the picture; its counts.

import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { Session } from '../player/types.ts';
import type { Inspect } from '../scene/inspect.ts';
import { Bytes, useInspected } from './Bytes.tsx';
import { State } from './State.tsx';
import { Tabs } from './Tabs.tsx';
import { useSession } from './use.ts';
import { usePicture } from './usePicture.ts';

const Actors = lazy(() => import('./Actors.tsx').then((m) => ({ default: m.Actors })));
const Metrics = lazy(() => import('./Metrics.tsx').then((m) => ({ default: m.Metrics })));
const Source = lazy(() => import('./Source.tsx').then((m) => ({ default: m.Source })));

type Name = 'bytes' | 'source' | 'state' | 'metrics';

export function Inspector(props: {
  readonly session: Session;
  /** Absent in a lab of actors: there is nothing to show as bytes. */
  readonly inspect: Inspect | undefined;
  readonly chart: ReactNode;
  readonly after?: ReactNode;
}) {
  const { session, inspect } = props;
  const [tab, setTab] = useState<Name>('bytes');

  return (
    <>
      <h2 className="sr-only">Inspector</h2>
      <Tabs<Name>
        label="Inspector"
        current={tab}
        onChange={setTab}
        after={props.after}
        tabs={[
          { name: 'bytes', label: <Title session={session} inspect={inspect} /> },
          { name: 'source', label: 'Source' },
          { name: 'state', label: 'State' },
          { name: 'metrics', label: 'Metrics' },
        ]}
      >
        {tab === 'bytes' &&
          (inspect ? (
            <Bytes session={session} inspect={inspect} />
          ) : (
            <Suspense fallback={<p className="panel-empty">Fetching the nodes…</p>}>
              <Actors session={session} />
            </Suspense>
          ))}
        {tab === 'source' && (
          <Suspense fallback={<p className="panel-empty">Fetching the source…</p>}>
            <Source session={session} />
          </Suspense>
        )}
        {tab === 'state' && <State session={session} chart={props.chart} />}
        {tab === 'metrics' && (
          <Suspense fallback={<p className="panel-empty">Counting…</p>}>
            <Metrics session={session} />
          </Suspense>
        )}
      </Tabs>
    </>
  );
}

/** What the first tab is called: after what is selected. */
function Title({ session, inspect }: { session: Session; inspect: Inspect | undefined }) {
  return inspect ? (
    <BytesTitle session={session} inspect={inspect} />
  ) : (
    <ActorTitle session={session} />
  );
}

function BytesTitle({ session, inspect }: { session: Session; inspect: Inspect }) {
  return useInspected(session, inspect, 'memory')?.title ?? 'Bytes';
}

function ActorTitle({ session }: { session: Session }) {
  const actors = usePicture(session)?.actors;
  const moment = useSession(session, (state) => state.moment);
  const selection = useSession(session, (state) => state.selection);
  return actors && moment ? actors.inspect(moment, selection).title : 'Nodes';
}
