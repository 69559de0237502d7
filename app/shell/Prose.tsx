// A scenario's prose: plain text, in which `code` and *stress* are marked. Text from a link is text:
// nothing in it is rendered as HTML.

import { Fragment } from 'react';

export type Piece = { readonly kind: 'text' | 'code' | 'stress'; readonly text: string };

export function piecesOf(paragraph: string): Piece[] {
  return paragraph
    .split(/(`[^`\n]+`|\*[^*\s](?:[^*\n]*[^*\s])?\*)/)
    .filter((part) => part !== '')
    .map((part) => {
      if (part.length > 2 && part.startsWith('`') && part.endsWith('`'))
        return { kind: 'code', text: part.slice(1, -1) };
      if (part.length > 2 && part.startsWith('*') && part.endsWith('*'))
        return { kind: 'stress', text: part.slice(1, -1) };
      return { kind: 'text', text: part };
    });
}

export function Prose({ paragraphs }: { readonly paragraphs: readonly string[] }) {
  return (
    <div className="prose">
      {paragraphs.map((paragraph) => (
        <p key={paragraph}>
          {piecesOf(paragraph).map((piece, index) => {
            const key = `${index}:${piece.text}`;
            if (piece.kind === 'code') return <code key={key}>{piece.text}</code>;
            if (piece.kind === 'stress') return <em key={key}>{piece.text}</em>;
            return <Fragment key={key}>{piece.text}</Fragment>;
          })}
        </p>
      ))}
    </div>
  );
}
