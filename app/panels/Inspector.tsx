// The inspector: what is selected, as bytes; the engine's function at work; its state; its counts.

import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { Session } from '../player/types.ts';
import type { Inspect } from '../scene/inspect.ts';
import { Bytes, useInspected } from './Bytes.tsx';
import { Metrics } from './Metrics.tsx';
import { State } from './State.tsx';
import { Tabs } from './Tabs.tsx';

const Source = lazy(() => import('./Source.tsx').then((m) => ({ default: m.Source })));

type Name = 'bytes' | 'source' | 'state' | 'metrics';

export function Inspector(props: {
  readonly session: Session;
  readonly inspect: Inspect;
  readonly chart: ReactNode;
  readonly after?: ReactNode;
}) {
  const { session, inspect } = props;
  const [tab, setTab] = useState<Name>('bytes');
  const title = useInspected(session, inspect, 'memory')?.title ?? 'Bytes';
  return (
    <>
      <h2 className="sr-only">Inspector</h2>
      <Tabs<Name>
        label="Inspector"
        current={tab}
        onChange={setTab}
        after={props.after}
        tabs={[
          { name: 'bytes', label: title },
          { name: 'source', label: 'Source' },
          { name: 'state', label: 'State' },
          { name: 'metrics', label: 'Metrics' },
        ]}
      >
        {tab === 'bytes' && <Bytes session={session} inspect={inspect} />}
        {tab === 'source' && (
          <Suspense fallback={<p className="panel-empty">Fetching the source…</p>}>
            <Source session={session} />
          </Suspense>
        )}
        {tab === 'state' && <State session={session} chart={props.chart} />}
        {tab === 'metrics' && <Metrics session={session} />}
      </Tabs>
    </>
  );
}
