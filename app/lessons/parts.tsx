// What a lesson's prose is made of, beside paragraphs: the term where it is defined, a way to a
// moment, the source of a claim from a paper, and the claim itself, which carries its assertion with
// it. A claim that does not hold in the run on screen (the reader changed it) says so; one that does
// not hold in the beat's own run fails the test.

import { createContext, isValidElement, type ReactNode, use, useEffect, useState } from 'react';
import type { Session } from '../player/types.ts';
import type { Holds, Run } from './lesson.ts';

export interface Standing {
  readonly run: Run | undefined;
  /** The second run of a beat that shows two. */
  readonly besideRun: Run | undefined;
  /** Whose transport shows a moment of either run. */
  readonly session: Session | undefined;
  readonly besideSession: Session | undefined;
  readonly lab: string;
  /** The address of two scenarios side by side; absent where there is no screen for it. */
  readonly comparison?: ((left: string, right: string) => Promise<string>) | undefined;
}

/** The run that prose is read beside. */
export const StandingContext = createContext<Standing>({
  run: undefined,
  besideRun: undefined,
  session: undefined,
  besideSession: undefined,
  lab: '',
});

export interface ClaimProps {
  readonly holds: Holds;
  /** The moment that shows it: the words become a way there. */
  readonly at?: (run: Run) => number | undefined;
  /** Of the second run, the one beside. */
  readonly beside?: boolean;
  readonly children: ReactNode;
}

export function Claim({ holds, at, beside = false, children }: ClaimProps) {
  const standing = use(StandingContext);
  const session = beside ? standing.besideSession : standing.session;
  const run = beside ? standing.besideRun : standing.run;
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!run) return;
    let alive = true;
    Promise.resolve(holds(run)).then(
      (held) => alive && setFailed(!held),
      // The run went on meanwhile; it will be asked again about the next.
      () => {},
    );
    return () => {
      alive = false;
    };
  }, [run, holds]);
  const index = run && at?.(run);
  const words =
    index !== undefined && session ? (
      // biome-ignore lint/a11y/useSemanticElements: a button's words do not flow with the text around it.
      <span
        className="claim-way"
        role="button"
        tabIndex={0}
        title="Show the moment"
        onClick={() => session.seek(index)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          session.seek(index);
        }}
      >
        {children}
      </span>
    ) : (
      children
    );
  if (!failed) return <>{words}</>;
  return (
    <span className="claim-off">
      <s>{words}</s> <small>(not in your run)</small>
    </span>
  );
}

export function Term({ children }: { readonly children: ReactNode }) {
  return <dfn className="term">{children}</dfn>;
}

/** Papers and books, by the name that a lesson cites them under. */
export const SOURCES = {
  bayer1972: {
    short: 'Bayer and McCreight 1972',
    full: 'R. Bayer, E. McCreight: Organization and Maintenance of Large Ordered Indexes. Acta Informatica 1, 1972',
  },
  comer1979: {
    short: 'Comer 1979',
    full: 'D. Comer: The Ubiquitous B-Tree. ACM Computing Surveys 11(2), 1979',
  },
  yao1978: {
    short: 'Yao 1978',
    full: 'A. C. Yao: On Random 2-3 Trees. Acta Informatica 9, 1978',
  },
  knuth1998: {
    short: 'Knuth, volume 3',
    full: 'D. E. Knuth: The Art of Computer Programming, volume 3, Sorting and Searching, section 6.2.4. 1998',
  },
  pugh1990: {
    short: 'Pugh 1990',
    full: 'W. Pugh: Skip Lists: A Probabilistic Alternative to Balanced Trees. CACM 33(6), 1990',
  },
  bloom1970: {
    short: 'Bloom 1970',
    full: 'B. H. Bloom: Space/Time Trade-offs in Hash Coding with Allowable Errors. CACM 13(7), 1970',
  },
  oneil1996: {
    short: 'O’Neil and others 1996',
    full: 'P. O’Neil, E. Cheng, D. Gawlick, E. O’Neil: The Log-Structured Merge-Tree (LSM-Tree). Acta Informatica 33, 1996',
  },
  dayan2018: {
    short: 'Dayan and Idreos 2018',
    full: 'N. Dayan, S. Idreos: Dostoevsky: Better Space-Time Trade-Offs for LSM-Tree Based Key-Value Stores. SIGMOD 2018',
  },
  athanassoulis2016: {
    short: 'Athanassoulis and others 2016',
    full: 'M. Athanassoulis and others: Designing Access Methods: The RUM Conjecture. EDBT 2016',
  },
  leveldb: {
    short: 'LevelDB, implementation notes',
    full: 'The LevelDB project: doc/impl.md and doc/table_format.md',
  },
  sqlite: {
    short: 'SQLite, Database File Format',
    full: 'The SQLite project: Database File Format, section 1.6, B-tree Pages',
  },
  raft2014: {
    short: 'Ongaro and Ousterhout 2014',
    full: 'D. Ongaro, J. Ousterhout: In Search of an Understandable Consensus Algorithm. USENIX ATC 2014',
  },
  ongaro2014: {
    short: 'Ongaro 2014',
    full: 'D. Ongaro: Consensus: Bridging Theory and Practice. Dissertation, Stanford University, 2014',
  },
  ongaro2015: {
    short: 'Ongaro 2015',
    full: 'D. Ongaro: bug in single-server membership changes. Mail to the list raft-dev, 10 July 2015',
  },
  fischer1985: {
    short: 'Fischer, Lynch and Paterson 1985',
    full: 'M. Fischer, N. Lynch, M. Paterson: Impossibility of Distributed Consensus with One Faulty Process. Journal of the ACM 32(2), 1985',
  },
  herlihy1990: {
    short: 'Herlihy and Wing 1990',
    full: 'M. Herlihy, J. Wing: Linearizability: A Correctness Condition for Concurrent Objects. ACM Transactions on Programming Languages and Systems 12(3), 1990',
  },
  mohan1986: {
    short: 'Mohan, Lindsay and Obermarck 1986',
    full: 'C. Mohan, B. Lindsay, R. Obermarck: Transaction Management in the R* Distributed Database Management System. ACM Transactions on Database Systems 11(4), 1986',
  },
  skeen1981: {
    short: 'Skeen 1981',
    full: 'D. Skeen: Nonblocking Commit Protocols. ACM SIGMOD, 1981',
  },
  gray2006: {
    short: 'Gray and Lamport 2006',
    full: 'J. Gray, L. Lamport: Consensus on Transaction Commit. ACM Transactions on Database Systems 31(1), 2006',
  },
} as const;

export function Cite({ of }: { readonly of: keyof typeof SOURCES }) {
  const { short, full } = SOURCES[of];
  return (
    <cite className="cite" title={full}>
      [{short}]
    </cite>
  );
}

/** The claims in a piece of prose, in the order in which they stand. */
export const claimsIn = (node: ReactNode): ClaimProps[] => partsIn(node, Claim);

/** The sources that a piece of prose cites, by their names. */
export const sourcesIn = (node: ReactNode): (keyof typeof SOURCES)[] =>
  partsIn(node, Cite).map(({ of }) => of);

function partsIn<P>(node: ReactNode, type: (props: P) => ReactNode): P[] {
  if (Array.isArray(node)) return node.flatMap((child) => partsIn(child, type));
  if (!isValidElement<{ children?: ReactNode }>(node)) return [];
  const inner = partsIn(node.props.children, type);
  return node.type === type ? [node.props as P, ...inner] : inner;
}

/** Its words, without what stands around them. */
export function textIn(node: ReactNode): string {
  if (typeof node === 'string' || typeof node === 'number') return String(node);
  if (Array.isArray(node)) return node.map(textIn).join(' ');
  return isValidElement<{ children?: ReactNode }>(node) ? textIn(node.props.children) : '';
}
