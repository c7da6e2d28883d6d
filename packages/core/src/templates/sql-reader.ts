/** Words that are followed by a table. */
const BEFORE_TABLE = new Set(['FROM', 'INTO', 'UPDATE', 'JOIN', 'TABLE']);
/** Verbs that may be followed directly by a table: `REPLACE songs`, `DELETE songs`, `COPY songs FROM STDIN`. */
const VERBS_BEFORE_TABLE = new Set(['INSERT', 'REPLACE', 'DELETE', 'TRUNCATE', 'MERGE', 'COPY']);
/** Words that may appear between those and the table. */
const BETWEEN = new Set([
  ...['ONLY', 'IF', 'NOT', 'EXISTS', 'LATERAL', 'TABLE', 'INTO', 'FROM', 'OR', 'BULK'],
  ...['LOW_PRIORITY', 'HIGH_PRIORITY', 'DELAYED', 'QUICK', 'IGNORE'],
]);
/** Words after `INTO` that mean a file. */
const FILES = new Set(['OUTFILE', 'DUMPFILE']);
/** Words before `UPDATE` that make it a clause without a table (`FOR UPDATE`, `ON CONFLICT DO UPDATE`). */
const CLAUSE_OF_UPDATE = new Set(['FOR', 'DO', 'KEY', 'ON', 'OR', 'BEFORE', 'AFTER', 'THEN']);
/** Statements about a cursor, a variable or a user: the name after their `FROM`, `INTO` or `TABLE` is not a table. */
const WITHOUT_TABLES = new Set(['FETCH', 'MOVE', 'DECLARE', 'REVOKE']);
const VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE']);
const QUERIES = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'WITH', 'VALUES']);
const DEFINITIONS = new Set(['CREATE', 'ALTER', 'DROP']);
const MAX_TABLES = 8;

/** The state of the reader. A table may be followed by an alias; a comma after either is followed by another table. */
type State = 'table' | 'rest of a name' | 'after a name' | 'after an alias' | 'elsewhere';

/** Receives the tokens of a statement and finds its verb and its tables. */
export class SqlReader {
  operation: string | undefined;
  readonly #tables: string[] = [];
  readonly #commonTables = new Set<string>();
  /** The kind of each open bracket: `EXTRACT(DAY FROM x)` has no table, and a list of columns has only names. */
  readonly #brackets: ('query' | 'columns' | 'other' | 'empty')[] = [];
  #state: State = 'elsewhere';
  /** The word before the table that is expected. */
  #introducedBy = '';
  #name = '';
  #previous = '';
  #beforeBracket = '';

  /** The tables in the order of their appearance, without those that the statement itself defines. */
  tables(): readonly string[] {
    this.#endName();
    return this.#tables;
  }

  /** Whether the next token must be a name. */
  get expectsName(): boolean {
    if (this.#state === 'table' || this.#state === 'rest of a name') return true;
    if (this.#brackets.at(-1) === 'columns' || DEFINITIONS.has(this.operation ?? '')) return true;
    return this.#previous === '.' || this.#previous.toUpperCase() === 'AS';
  }

  word(match: string): void {
    const quoted = /^["`[]/.test(match);
    const upper = quoted ? '' : match.toUpperCase();
    const name = quoted ? match.slice(1, match.length > 1 && /["`\]]$/.test(match) ? -1 : undefined) : match;
    this.#openBracketWith(upper);
    const isVerb = this.#takeVerb(upper);
    this.#state =
      isVerb && VERBS_BEFORE_TABLE.has(upper) ? this.#expectTable(upper) : this.#stateAfter(upper, name);
    this.#previous = name;
  }

  punctuation(mark: string): void {
    if (mark === '.' && this.#state === 'after a name') {
      this.#state = 'rest of a name';
      return;
    }
    const afterName = this.#state === 'after a name';
    const listContinues = mark === ',' && (afterName || this.#state === 'after an alias');
    const joinInBrackets = mark === '(' && this.#state === 'table';
    const isFunction = mark === '(' && afterName && ['FROM', 'JOIN'].includes(this.#introducedBy);
    if (isFunction) this.#name = '';
    this.#endName();
    this.#state = listContinues || joinInBrackets ? 'table' : 'elsewhere';
    if (mark === '(') {
      this.#brackets.push(afterName && !isFunction ? 'columns' : 'empty');
      if (this.#brackets.length === 1) this.#beforeBracket = this.#previous;
    }
    if (mark === ')') this.#brackets.pop();
    this.#previous = mark;
  }

  /** Takes a text, a number or a placeholder, which is never a table. */
  value(): void {
    this.#endName();
    this.#openBracketWith('');
    this.#state = 'elsewhere';
    this.#previous = '';
  }

  #stateAfter(upper: string, name: string): State {
    if (this.#state === 'rest of a name') {
      this.#name += `.${name}`;
      return 'after a name';
    }
    if (this.#state === 'table') {
      // SQLite: `UPDATE OR IGNORE songs`.
      const isConflictAction = upper !== '' && this.#previous.toUpperCase() === 'OR';
      if (isConflictAction || BETWEEN.has(upper) || upper === 'AS') return 'table';
      if (FILES.has(upper)) return 'elsewhere';
      if (!QUERIES.has(upper)) {
        this.#name = name;
        return 'after a name';
      }
    }
    const afterName = this.#state === 'after a name';
    this.#endName();
    if (this.#namesTable(upper)) return this.#expectTable(upper);
    // A comma continues the list of tables only directly after a table or its alias.
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

  /** Whether a word is the verb of the statement. The verb of `WITH … SELECT` follows the definitions. */
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
