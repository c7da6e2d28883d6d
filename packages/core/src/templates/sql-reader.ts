/** Words after which a table is named. */
const BEFORE_TABLE = new Set(['FROM', 'INTO', 'UPDATE', 'JOIN', 'TABLE']);
/** Verbs that a table may follow at once: `REPLACE songs`, `DELETE songs`, `COPY songs FROM STDIN`. */
const VERBS_BEFORE_TABLE = new Set(['INSERT', 'REPLACE', 'DELETE', 'TRUNCATE', 'MERGE', 'COPY']);
/** Words that may stand between those and the table. */
const BETWEEN = new Set([
  ...['ONLY', 'IF', 'NOT', 'EXISTS', 'LATERAL', 'TABLE', 'INTO', 'FROM', 'OR', 'BULK'],
  ...['LOW_PRIORITY', 'HIGH_PRIORITY', 'DELAYED', 'QUICK', 'IGNORE'],
]);
/** After `INTO`: then the rows go into a file. */
const FILES = new Set(['OUTFILE', 'DUMPFILE']);
/** Before `UPDATE`: then it is a clause, and no table follows (`FOR UPDATE`, `ON CONFLICT DO UPDATE`). */
const CLAUSE_OF_UPDATE = new Set(['FOR', 'DO', 'KEY', 'ON', 'OR', 'BEFORE', 'AFTER', 'THEN']);
/** Statements about a cursor, a variable or a user: the name after their `FROM`, `INTO` or `TABLE` is no table. */
const WITHOUT_TABLES = new Set(['FETCH', 'MOVE', 'DECLARE', 'REVOKE']);
const VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE']);
const QUERIES = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'WITH', 'VALUES']);
const DEFINITIONS = new Set(['CREATE', 'ALTER', 'DROP']);
const MAX_TABLES = 8;

/** What the reader waits for. After a table comes perhaps an alias; a comma after either names another table. */
type Place = 'table' | 'rest of a name' | 'after a name' | 'after an alias' | 'elsewhere';

/** Goes through the words and marks of a statement and keeps its verb and its tables. */
export class SqlReader {
  operation: string | undefined;
  readonly #tables: string[] = [];
  readonly #commonTables = new Set<string>();
  /** The kind of each open bracket: `EXTRACT(DAY FROM x)` names no table, a list of columns holds names only. */
  readonly #brackets: ('query' | 'columns' | 'other' | 'empty')[] = [];
  #place: Place = 'elsewhere';
  /** The word that made the reader wait for a table. */
  #introducedBy = '';
  #name = '';
  #previous = '';
  #beforeBracket = '';

  /** The tables in the order of their names, without those that the statement itself defines. */
  tables(): readonly string[] {
    this.#endName();
    return this.#tables;
  }

  /** Whether only a name can stand here. */
  get expectsName(): boolean {
    if (this.#place === 'table' || this.#place === 'rest of a name') return true;
    if (this.#brackets.at(-1) === 'columns' || DEFINITIONS.has(this.operation ?? '')) return true;
    return this.#previous === '.' || this.#previous.toUpperCase() === 'AS';
  }

  word(match: string): void {
    const quoted = /^["`[]/.test(match);
    const upper = quoted ? '' : match.toUpperCase();
    const name = quoted ? match.slice(1, match.length > 1 && /["`\]]$/.test(match) ? -1 : undefined) : match;
    this.#openBracketWith(upper);
    const isVerb = this.#takeVerb(upper);
    this.#place =
      isVerb && VERBS_BEFORE_TABLE.has(upper) ? this.#expectTable(upper) : this.#placeAfter(upper, name);
    this.#previous = name;
  }

  mark(mark: string): void {
    if (mark === '.' && this.#place === 'after a name') {
      this.#place = 'rest of a name';
      return;
    }
    const afterName = this.#place === 'after a name';
    const listGoesOn = mark === ',' && (afterName || this.#place === 'after an alias');
    const joinInBrackets = mark === '(' && this.#place === 'table';
    const isFunction = mark === '(' && afterName && ['FROM', 'JOIN'].includes(this.#introducedBy);
    if (isFunction) this.#name = '';
    this.#endName();
    this.#place = listGoesOn || joinInBrackets ? 'table' : 'elsewhere';
    if (mark === '(') {
      this.#brackets.push(afterName && !isFunction ? 'columns' : 'empty');
      if (this.#brackets.length === 1) this.#beforeBracket = this.#previous;
    }
    if (mark === ')') this.#brackets.pop();
    this.#previous = mark;
  }

  /** A text, a number or a placeholder: no table is named where one stands. */
  value(): void {
    this.#endName();
    this.#openBracketWith('');
    this.#place = 'elsewhere';
    this.#previous = '';
  }

  #placeAfter(upper: string, name: string): Place {
    if (this.#place === 'rest of a name') {
      this.#name += `.${name}`;
      return 'after a name';
    }
    if (this.#place === 'table') {
      // SQLite: `UPDATE OR IGNORE songs`.
      const isConflictAction = upper !== '' && this.#previous.toUpperCase() === 'OR';
      if (isConflictAction || BETWEEN.has(upper) || upper === 'AS') return 'table';
      if (FILES.has(upper)) return 'elsewhere';
      if (!QUERIES.has(upper)) {
        this.#name = name;
        return 'after a name';
      }
    }
    const afterName = this.#place === 'after a name';
    this.#endName();
    if (this.#namesTable(upper)) return this.#expectTable(upper);
    // Whatever the word is: after an alias, and after a keyword that was taken for one, comes no comma of the list.
    return afterName ? (upper === 'AS' ? 'after a name' : 'after an alias') : 'elsewhere';
  }

  #expectTable(word: string): 'table' {
    // `DELETE s FROM songs s`: the first name is an alias.
    if (word === 'FROM' && this.operation === 'DELETE' && this.#brackets.length === 0)
      this.#tables.length = 0;
    this.#introducedBy = word;
    return 'table';
  }

  #namesTable(upper: string): boolean {
    if (!BEFORE_TABLE.has(upper) || WITHOUT_TABLES.has(this.operation ?? '')) return false;
    const before = this.#previous.toUpperCase();
    if (upper === 'UPDATE') return !CLAUSE_OF_UPDATE.has(before);
    if (upper !== 'FROM') return true;
    // `COPY songs FROM STDIN`
    if (this.operation === 'COPY' && this.#brackets.length === 0) return false;
    return before !== 'DISTINCT' && this.#brackets.at(-1) !== 'other';
  }

  #openBracketWith(upper: string): void {
    const last = this.#brackets.length - 1;
    const kind = this.#brackets[last];
    if (kind === 'empty') this.#brackets[last] = QUERIES.has(upper) ? 'query' : 'other';
    else if (kind === 'columns' && QUERIES.has(upper)) this.#brackets[last] = 'query';
  }

  /** Whether a word is the verb of the statement. That of `WITH … SELECT` follows what `WITH` defines. */
  #takeVerb(upper: string): boolean {
    if (this.operation === undefined) {
      this.operation = upper;
      return true;
    }
    if (this.operation !== 'WITH' || this.#brackets.length > 0) return false;
    if (upper === 'AS') this.#defines();
    if (!VERBS.has(upper)) return false;
    this.operation = upper;
    return true;
  }

  /** `WITH songs AS (…)`, and with columns: `WITH songs (id) AS (…)`. */
  #defines(): void {
    this.#commonTables.add(this.#previous === ')' ? this.#beforeBracket : this.#previous);
  }

  #endName(): void {
    const name = this.#name;
    this.#name = '';
    if (name === '' || this.#commonTables.has(name) || this.#tables.includes(name)) return;
    if (this.#tables.length < MAX_TABLES) this.#tables.push(name);
  }
}
