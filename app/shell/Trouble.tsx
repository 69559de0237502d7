// A page for when there is no other: what is wrong, and the ways out.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
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
        <Link href="/lab/btree">To the B-Tree lab</Link>
      </p>
    </main>
  );
}
