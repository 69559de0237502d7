// The picture in words: the same pages and cells as a nested list, in the order of their keys. The
// children of an interior page are its child pages with the separators between them, so reading the
// list from the top is reading the tree in order.

import type { TwinNode } from '../picture.ts';
import { FRAME_WORDS } from './log.ts';
import { type BTreeMoment, type PageNode, read } from './reading.ts';
import { ariaOf, SLOT_WORDS } from './view.ts';

export function twin(moment: BTreeMoment): readonly TwinNode[] {
  const { root, side, log, slots, filePages, pageSize } = read(moment);
  const nodes: TwinNode[] = [];
  if (root) nodes.push(pageTwin(root));
  if (side.length > 0)
    nodes.push({
      key: 'side',
      text: `also in memory: ${side.length} ${side.length === 1 ? 'page' : 'pages'}`,
      children: side.map(({ page, role, dirty }) => ({
        key: `page:${page}`,
        text: `page ${page}, ${role}${dirty ? ', dirty' : ''}`,
        select: `page:${page}`,
        children: [],
      })),
    });
  if (log)
    nodes.push({
      key: 'log',
      text: `the log: ${log.mxFrame} ${log.mxFrame === 1 ? 'frame' : 'frames'} committed, ${log.backfilled} of them in the database`,
      children: log.frames.map(({ key, frame, page, commitSize, state, synced }) => ({
        key,
        text: `frame ${frame}, page ${page}${commitSize > 0 ? ', commit' : ''}, ${FRAME_WORDS[state]}${synced ? '' : ', not synced'}`,
        select: key,
        children: [],
      })),
    });
  nodes.push({
    key: 'file',
    text: `the file: ${filePages} pages of ${pageSize} bytes`,
    children: slots.map(({ page, role, state }) => ({
      key: `slot:${page}`,
      text: `page ${page} in the file, ${role}, ${SLOT_WORDS[state]}`,
      select: `page:${page}`,
      children: [],
    })),
  });
  return nodes;
}

function pageTwin(node: PageNode): TwinNode {
  const key = `page:${node.page}`;
  const cells = node.cells.map(
    (cell): TwinNode => ({ key: cell.key, text: cell.aria, select: cell.key, children: [] }),
  );
  const children: TwinNode[] = [];
  if (node.leaf) children.push(...cells);
  else {
    // A child that no parent points to yet stands where it is drawn: after its left sibling.
    let next = 0;
    for (const child of node.children) {
      const place = child.place ?? next;
      while (next < place && next < cells.length) children.push(cells[next++] as TwinNode);
      children.push(pageTwin(child));
    }
    children.push(...cells.slice(next));
  }
  return { key, text: ariaOf(node), select: key, children };
}
