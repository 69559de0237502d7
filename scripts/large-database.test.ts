// What the journeys open is a database to the real SQLite, and to the check that is written apart.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// @ts-expect-error sql.js comes without types
import initSqlJs from 'sql.js';
import { expect, test } from 'vitest';
import { writeLargeDatabase } from './large-database.ts';

test.each([40_000, 3_000_000])(
  'of %d bytes: SQLite finds it sound and counts its rows',
  async (size) => {
    const folder = mkdtempSync(join(tmpdir(), 'bathysphere-large-'));
    const path = join(folder, 'large.db');
    const { pages, rows } = writeLargeDatabase(path, size);
    const bytes = readFileSync(path);
    rmSync(folder, { recursive: true });
    expect(bytes.length).toBe(4096 * pages);
    expect(Math.abs(bytes.length - size)).toBeLessThan(5 * 4096);
    const { Database } = await initSqlJs();
    const db = new Database(bytes);
    const [integrity, count] = db.exec(
      'PRAGMA integrity_check; SELECT count(*), max(id) FROM item',
    );
    expect(integrity.values).toEqual([['ok']]);
    expect(count.values).toEqual([[rows, rows]]);
  },
);
