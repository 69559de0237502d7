import { expect, test } from 'vitest';
import { metricText } from './metric.ts';

test.each([
  [1024, 'bytes', '1,024 bytes'],
  [1, 'bytes', '1 byte'],
  [1, 'entries', '1 entry'],
  [1, 'flushes', '1 flush'],
  [1, 'pages', '1 page'],
  [1, 'ms', '1 ms'],
  [1, 'x', '1 x'],
  [2.314, 'x', '2.31 x'],
  [0.82, '%', '0.82 %'],
  [7, '', '7'],
])('%f %s', (value, unit, text) => expect(metricText({ value, unit })).toBe(text));
