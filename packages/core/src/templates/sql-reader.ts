/** Words after which a table is named. */
const BEFORE_TABLE = new Set(['FROM', 'INTO', 'UPDATE', 'JOIN', 'TABLE']);
/** Words that may stand between those and the table. */
const BETWEEN = new Set(['ONLY', 'IF', 'NOT', 'EXISTS', 'LOW_PRIORITY', 'IGNORE', 'LATERAL']);
/** Before `UPDATE`: then it is a clause, and no table follows (`FOR UPDATE`, `ON CONFLICT DO UPDATE`). */
const CLAUSE_OF_UPDATE = new Set(['FOR', 'DO', 'KEY', 'ON', 'OR', 'BEFORE', 'AFTER']);
const VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const QUERIES = new Set([...VERBS, 'WITH', 'VALUES']);
const MAX_TABLES = 8;

/** What the reader waits for. After a table comes perhaps an alias; a comma after either names another table. */
type Place = 'table' | 'rest of a name' | 'after a name' | 'after an alias' | 'elsewhere';

/** Goes through the words and marks of a statement and keeps its verb and its tables. */
export class SqlReader {
  operation: string | undefined;
  readonly #tables: string[] = [];
  readonly #commonTables = new Set<string>();
  /** For each bracket that is open, whether a query stands in it: `EXTRACT(DAY FROM x)` names no table. */
  readonly #brackets: ('query' | 'other' | 'empty')[] = [];
  #place: Place = 'elsewhere';
  #name = '';
  #previous = '';
  #beforeBracket = '';

  /** The tables in the order of their names, without those that the statement itself defines. */
  tables(): readonly string[] {
    this.#endName();
    return this.#tables;
  }

  word(match: string): void {
    const upper = match.toUpperCase();
    const quoted = /^["`[]/.test(match);
    const name = quoted ? match.slice(1, match.length > 1 && /["`\]]$/.test(match) ? -1 : undefined) : match;
    this.#openBracketWith(upper);
    this.#takeVerb(upper);
    this.#place = this.#placeAfter(quoted ? '' : upper, name);
    this.#previous = name;
  }

  mark(mark: string): void {
    if (mark === '.' && this.#place === 'after a name') {
      this.#place = 'rest of a name';
      return;
    }
    const listGoesOn = mark === ',' && (this.#place === 'after a name' || this.#place === 'after an alias');
    const joinInBrackets = mark === '(' && this.#place === 'table';
    this.#endName();
    this.#place = listGoesOn || joinInBrackets ? 'table' : 'elsewhere';
    if (mark === '(') {
      this.#brackets.push('empty');
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
  }

  #placeAfter(upper: string, name: string): Place {
    if (this.#place === 'rest of a name') {
      this.#name += `.${name}`;
      return 'after a name';
    }
    if (this.#place === 'table' && upper !== '' && (BETWEEN.has(upper) || upper === 'AS')) return 'table';
    if (this.#place === 'table' && !QUERIES.has(upper)) {
      this.#name = name;
      return 'after a name';
    }
    const afterName = this.#place === 'after a name';
    this.#endName();
    if (this.#namesTable(upper)) return 'table';
    // Whatever the word is: after an alias, and after a keyword that was taken for one, comes no comma of the list.
    return afterName ? (upper === 'AS' ? 'after a name' : 'after an alias') : 'elsewhere';
  }

  #namesTable(upper: string): boolean {
    if (!BEFORE_TABLE.has(upper)) return false;
    const before = this.#previous.toUpperCase();
    if (upper === 'UPDATE') return !CLAUSE_OF_UPDATE.has(before);
    if (upper !== 'FROM') return true;
    return before !== 'DISTINCT' && this.#brackets.at(-1) !== 'other';
  }

  #openBracketWith(upper: string): void {
    const last = this.#brackets.length - 1;
    if (last >= 0 && this.#brackets[last] === 'empty')
      this.#brackets[last] = QUERIES.has(upper) ? 'query' : 'other';
  }

  /** The verb of `WITH … SELECT` is the one that follows what it defines. */
  #takeVerb(upper: string): void {
    if (this.operation === undefined) this.operation = upper;
    if (this.operation !== 'WITH' || this.#brackets.length > 0) return;
    if (upper === 'AS') this.#defines();
    if (VERBS.has(upper)) this.operation = upper;
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
