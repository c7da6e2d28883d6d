/** The latest time in nanoseconds that an SQLite integer can hold, in the year 2262. */
export const MAX_INT64 = 2n ** 63n - 1n;

// 64-bit integers are read as text: `node:sqlite` throws for numbers that are not exact.
const SUMMARY = 'seq, id, CAST(first AS TEXT) AS first, (last - first) / 1e6 AS durationMs, spans, errors';

/** All statements of the store. Parameters have no numbers, because `node:sqlite` of Node 22.15 rejects them. */
export const QUERIES = {
  addTrace: `INSERT INTO trace (id, first, last, spans, errors) VALUES (?, ${MAX_INT64}, 0, 0, 0)
    ON CONFLICT (id) DO UPDATE SET id = id RETURNING seq`,
  addSpan: 'INSERT OR IGNORE INTO span VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  update: `UPDATE trace SET first = min(first, ?), last = max(last, ?), spans = spans + ?, errors = errors + ?
    WHERE seq = ?`,
  oldest: 'SELECT seq FROM trace ORDER BY seq LIMIT 1',
  removeSpans: 'DELETE FROM span WHERE trace = ?',
  removeTrace: 'DELETE FROM trace WHERE seq = ?',
  counts: 'SELECT count(*) AS traces, coalesce(sum(spans), 0) AS spans FROM trace',
  pageSize: 'PRAGMA page_size',
  pages: 'PRAGMA page_count',
  freePages: 'PRAGMA freelist_count',
  summary: `SELECT ${SUMMARY} FROM trace WHERE id = ?`,
  traces: `SELECT ${SUMMARY} FROM trace
    WHERE errors >= ? AND last - first >= ?
    AND (? IS NULL OR EXISTS (SELECT 1 FROM span WHERE trace = trace.seq AND service = ?))
    ORDER BY seq DESC LIMIT ?`,
  head: 'SELECT name, service FROM span WHERE trace = ? ORDER BY root DESC, first, id LIMIT 1',
  services: 'SELECT service FROM span WHERE trace = ? GROUP BY service ORDER BY min(first), service',
  ids: "SELECT id FROM trace WHERE id >= ? AND id < ? || 'g' ORDER BY id LIMIT 2",
  spans:
    'SELECT body, origin FROM span WHERE trace = (SELECT seq FROM trace WHERE id = ?) ORDER BY first, id',
};
