// A page for when there is no other: what is wrong, and the ways out.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { desk } from './desk.ts';
import { Logo } from './Logo.tsx';

export function Trouble({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}) {
  return (
    <main className="trouble">
      <Link href="/" className="logo">
        <Logo /> Bathysphere
      </Link>
      <h1>{title}</h1>
      {children}
      <p className="trouble-ways">
        <Link href="/">To the front page</Link>
        {/* What was handed in and could not be opened has the same address as the lab itself. */}
        <Link href="/lab/btree" onClick={() => desk.setState({ handedIn: undefined })}>
          To the B-Tree lab
        </Link>
      </p>
    </main>
  );
}
