/** The latest time in nanoseconds that an SQLite integer can hold, in the year 2262. */
export const MAX_INT64 = 2n ** 63n - 1n;

/** The columns of a trace's summary. 64-bit integers are read as text: `node:sqlite` throws for those beyond 2^53. */
export const SUMMARY = `seq, id, CAST(first AS TEXT) AS first, (last - first) / 1e6 AS durationMs, spans, errors,
  services, policy, name, service, route, status`;

/** All statements of the store. Parameters have no numbers, because `node:sqlite` of Node 22.15 rejects them. */
export const QUERIES = {
  addTrace: `INSERT INTO trace VALUES (NULL, ?, ?, ${MAX_INT64}, 0, 0, 0, '[]', NULL, '', '', '', NULL, '', '', -1, '0')
    ON CONFLICT (id) DO UPDATE SET id = id
    RETURNING seq, spans, services, policy, name, service, route, status, headId, headKind, headRank, headFirst`,
  addSpan: 'INSERT OR IGNORE INTO span VALUES (?, ?, ?, ?, ?, ?, ?)',
  update: `UPDATE trace SET first = min(first, ?), last = max(last, ?), spans = ?, errors = errors + ?, services = ?,
    policy = ?, name = ?, service = ?, route = ?, status = ?, headId = ?, headKind = ?, headRank = ?, headFirst = ?
    WHERE seq = ?`,
  servedBy: `SELECT id, kind, body, origin FROM span WHERE trace = ? AND kind = 'SERVER' AND (parent = ? OR id = ?)
    ORDER BY first LIMIT 1`,
  oldest: 'SELECT seq, id, received FROM trace ORDER BY seq LIMIT 1',
  removeSpans: 'DELETE FROM span WHERE trace = ?',
  removeTrace: 'DELETE FROM trace WHERE seq = ?',
  counts: 'SELECT count(*) AS traces, coalesce(sum(spans), 0) AS spans FROM trace',
  newest: 'SELECT coalesce(max(seq), 0) AS seq FROM trace',
  pageSize: 'PRAGMA page_size',
  pages: 'PRAGMA page_count',
  freePages: 'PRAGMA freelist_count',
  summary: `SELECT ${SUMMARY} FROM trace WHERE id = ?`,
  ids: "SELECT id FROM trace WHERE id >= ? AND id < ? || 'g' ORDER BY id LIMIT 2",
  spans: `SELECT id, kind, body, origin FROM span
    WHERE trace = (SELECT seq FROM trace WHERE id = ?) AND (id, kind) > (?, ?) ORDER BY id, kind LIMIT ?`,
};
