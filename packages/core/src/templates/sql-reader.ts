import { SqlNames } from './sql-names.ts';
import { type Keyword, keywordOf } from './sql-words.ts';

/** What the next word may be, where tables are concerned. */
type State = 'table' | 'rest of a name' | 'after a name' | 'elsewhere';

/** What is inside brackets; the first level is the statement itself. */
interface Level {
  /** `EXTRACT(DAY FROM x)` has no table, and a list of columns has only names. */
  kind: 'query' | 'columns' | 'other' | 'empty';
  /** Whether a comma is followed by another table. */
  inTables: boolean;
  /** Whether the brackets take the place of a table: `FROM (SELECT …) s`. */
  readonly isTable: boolean;
}

/** Receives the tokens of a text with one or more statements, and finds its operations and its tables. */
export class SqlReader {
  /** The verb of the first statement. The one of `WITH … SELECT` follows the definitions. */
  operation: string | undefined;
  readonly #names = new SqlNames();
  readonly #commonTables = new Set<string>();
  #levels: Level[] = [{ kind: 'query', inTables: false, isTable: false }];
  #state: State = 'elsewhere';
  /** The current statement's verb. */
  #verb: string | undefined;
  /** The word before the table that is expected. */
  #introducedBy = '';
  #name = '';
  #previous = '';
  #previousKeyword: Keyword | undefined;
  #beforeBracket = '';
  #definesIndex = false;
  /** Inside the body of a trigger or procedure, which does not run now. */
  #inBody = false;

  /** The tables in the order of their appearance, without those that the statement itself defines. */
  tables(): readonly string[] {
    this.#endName();
    return this.#names.tables;
  }

  /** Operations and tables: `INSERT songs SELECT drafts`. At most `maxChars`, of which no name is cut. */
  summary(maxChars: number): string | undefined {
    this.#endName();
    return this.#names.summary(maxChars, this.operation);
  }

  /** Whether the next token must be a name. */
  get expectsName(): boolean {
    if (this.#state === 'table' || this.#state === 'rest of a name') return true;
    if (this.#level.kind === 'columns' || keywordOf(this.#verb ?? '')?.isDefinition) return true;
    return this.#previous === '.' || this.#previousKeyword?.text === 'AS';
  }

  /** Whether a word that looks like `TRUE` or `FALSE` is a value here. */
  get expectsBoolean(): boolean {
    const before = this.#previousKeyword?.text ?? '';
    return (
      !['IS', 'NOT', 'ON', 'AS'].includes(before) && this.#previous !== '.' && this.#state === 'elsewhere'
    );
  }

  /** Takes a name or a keyword; `keyword` is undefined for a name in quotes. */
  word(name: string, keyword: Keyword | undefined): void {
    if (this.#inBody) return;
    const opens = this.#level.kind === 'empty';
    this.#openBracketWith(keyword);
    this.#state = this.#isOperation(name, keyword, opens)
      ? this.#afterVerb(keyword)
      : this.#stateAfter(name, keyword);
    this.#previous = name;
    this.#previousKeyword = keyword;
  }

  punctuation(mark: string): void {
    if (this.#inBody) return;
    const before = this.#state;
    if (mark === '.' && before === 'after a name') {
      this.#state = 'rest of a name';
      return;
    }
    const isFunction =
      mark === '(' && before === 'after a name' && ['FROM', 'JOIN'].includes(this.#introducedBy);
    if (isFunction) this.#name = '';
    this.#endName();
    this.#state = 'elsewhere';
    if (mark === '(') this.#open(before, isFunction);
    else if (mark === ')') this.#close();
    else if (mark === ',' && this.#level.inTables) this.#state = 'table';
    else if (mark === ';' && this.#levels.length === 1) this.#endStatement();
    this.#previous = mark;
    this.#previousKeyword = undefined;
  }

  /** Takes a text, a number or a placeholder, which is never a table. */
  value(): void {
    this.#endName();
    this.#openBracketWith(undefined);
    this.#state = 'elsewhere';
    this.#previous = '';
    this.#previousKeyword = undefined;
  }

  get #level(): Level {
    return this.#levels[this.#levels.length - 1] as Level;
  }

  #stateAfter(name: string, keyword: Keyword | undefined): State {
    if (this.#state === 'rest of a name') {
      this.#name += `.${name}`;
      return 'after a name';
    }
    if (this.#state === 'table') {
      // SQLite: `UPDATE OR IGNORE songs`.
      if (keyword?.beforeName || this.#previousKeyword?.text === 'OR') return 'table';
      const isFile = keyword?.text === 'OUTFILE' || keyword?.text === 'DUMPFILE';
      if (isFile) return 'elsewhere';
      if (!keyword?.isQuery) {
        this.#name = name;
        return 'after a name';
      }
    }
    this.#endName();
    if (keyword === undefined) return 'elsewhere';
    if (keyword.endsTables) this.#level.inTables = false;
    if (keyword.text === 'INDEX') this.#definesIndex = keywordOf(this.#verb ?? '')?.isDefinition === true;
    if (keyword.text === 'BEGIN' && this.#verb === 'CREATE') this.#inBody = true;
    return this.#introducesTable(keyword) ? this.#expectTable(keyword.text) : 'elsewhere';
  }

  #introducesTable(keyword: Keyword): boolean {
    if (keywordOf(this.#verb ?? '')?.hasNoTables) return false;
    const isDeeper = this.#levels.length > 1;
    const before = this.#previousKeyword;
    switch (keyword.text) {
      case 'UPDATE':
        return !before?.beforeUpdateClause;
      case 'FROM':
        // `COPY songs FROM STDIN`
        if (this.#verb === 'COPY' && !isDeeper) return false;
        return before?.text !== 'DISTINCT' && this.#level.kind !== 'other';
      case 'USING':
        return ['DELETE', 'MERGE'].includes(this.#verb ?? '') && !isDeeper && this.#introducedBy !== 'JOIN';
      case 'ON':
        return this.#definesIndex && !isDeeper;
      case 'VIEW':
        return keywordOf(this.#verb ?? '')?.isDefinition === true;
      default:
        return keyword.beforeTable;
    }
  }

  #expectTable(word: string): 'table' {
    // `DELETE s FROM songs s`: the first name is an alias.
    if (word === 'FROM' && this.#verb === 'DELETE' && this.#levels.length === 1) this.#names.resetToMark();
    this.#introducedBy = word === 'JOIN' || word === 'STRAIGHT_JOIN' ? 'JOIN' : word;
    const isList = word === 'TABLE' ? this.#verb === 'DROP' || this.#verb === 'TRUNCATE' : word !== 'INTO';
    if (isList) this.#level.inTables = true;
    if (word === 'ON') this.#definesIndex = false;
    return 'table';
  }

  /** Whether a word begins an operation; if so, adds the operation. */
  #isOperation(name: string, keyword: Keyword | undefined, opens: boolean): boolean {
    if (this.#verb === undefined) {
      this.#begin(keyword?.text ?? (this.#isName(name) ? name.toUpperCase() : ''));
      return true;
    }
    if (!keyword?.isVerb || this.#state === 'rest of a name' || keywordOf(this.#verb)?.hasNoTables)
      return false;
    const isFirstInLevel = opens || this.#previousKeyword?.text === 'AS';
    const isMain =
      this.#levels.length === 1 && ['WITH', 'EXPLAIN', 'ANALYZE', 'DESCRIBE', 'DESC'].includes(this.#verb);
    if (keyword.text !== 'SELECT' && !isFirstInLevel && !isMain) return false;
    this.#endName();
    if (isMain) {
      if (this.#verb === 'WITH' && this.operation === 'WITH') this.operation = keyword.text;
      this.#verb = keyword.text;
    }
    this.#names.add(keyword.text);
    if (this.#levels.length === 1) this.#names.mark();
    this.#level.inTables = false;
    return true;
  }

  /** Names in quotes and other text are not verbs. */
  #isName(name: string): boolean {
    return /^[a-z_]\w*$/i.test(name);
  }

  #begin(verb: string): void {
    this.#verb = verb;
    this.operation ??= verb === '' ? undefined : verb;
    if (verb !== 'WITH' && verb !== '') this.#names.add(verb);
    this.#names.mark();
  }

  #afterVerb(keyword: Keyword | undefined): State {
    // `MERGE` and `INSERT` need a table; a function `REPLACE(…)` has none.
    if (keyword === undefined) return 'elsewhere';
    if (keyword.text === 'CALL') return this.#expectTable('CALL');
    return keyword.verbBeforeTable || keyword.text === 'UPDATE' || keyword.beforeTable
      ? this.#expectTable(keyword.text)
      : 'elsewhere';
  }

  #openBracketWith(keyword: Keyword | undefined): void {
    const level = this.#level;
    if (level.kind === 'empty') level.kind = keyword?.isQuery ? 'query' : 'other';
    else if (level.kind === 'columns' && keyword?.isQuery) level.kind = 'query';
    if (keyword?.text === 'AS' && this.#verb === 'WITH' && this.#levels.length === 1)
      // `WITH songs AS (…)`, and with columns: `WITH songs (id) AS (…)`.
      this.#commonTables.add(this.#previous === ')' ? this.#beforeBracket : this.#previous);
  }

  #open(before: State, isFunction: boolean): void {
    const word = this.#previousKeyword?.text;
    // A function: `(REPLACE(title, 'a', 'b'))`.
    if (word === 'REPLACE' || word === 'INSERT') this.#names.removeLast(word);
    const isTable = isFunction || (before === 'table' && word !== 'REPLACE' && word !== 'INSERT');
    if (isTable && !isFunction) this.#state = 'table';
    if (this.#levels.length === 1) this.#beforeBracket = this.#previous;
    const kind = before === 'after a name' && !isFunction ? 'columns' : 'empty';
    this.#levels.push({ kind, inTables: isTable && !isFunction, isTable });
  }

  #close(): void {
    if (this.#levels.length > 1) this.#levels.pop();
  }

  #endStatement(): void {
    this.#verb = undefined;
    this.#commonTables.clear();
    this.#definesIndex = false;
    this.#introducedBy = '';
    this.#levels = [{ kind: 'query', inTables: false, isTable: false }];
  }

  #endName(): void {
    const name = this.#name;
    this.#name = '';
    if (name === '' || this.#commonTables.has(name)) return;
    if (this.#introducedBy === 'CALL') this.#names.add(name);
    else this.#names.addTable(name);
  }
}
