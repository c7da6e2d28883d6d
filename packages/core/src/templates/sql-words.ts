/** A word with a meaning in the reading of statements. */
export interface Keyword {
  /** The word in upper case. */
  readonly text: string;
  /** A table follows. */
  readonly beforeTable: boolean;
  /** As the verb of a statement, it may be followed directly by a table: `REPLACE songs`, `COPY songs FROM STDIN`. */
  readonly verbBeforeTable: boolean;
  /** It may appear between such a word and the table. */
  readonly beforeName: boolean;
  /** It begins an operation inside a statement. */
  readonly isVerb: boolean;
  /** It may be the first word of a query in brackets. */
  readonly isQuery: boolean;
  /** It ends a list of tables. */
  readonly endsTables: boolean;
  /** After this word, `UPDATE` is a clause without a table: `FOR UPDATE`, `ON CONFLICT DO UPDATE`. */
  readonly beforeUpdateClause: boolean;
  /** The statement is about a cursor, a variable or a user: a name after its `FROM`, `INTO` or `TABLE` is not a table. */
  readonly hasNoTables: boolean;
  /** The statement creates or changes a part of the schema. */
  readonly isDefinition: boolean;
}

const LISTS = {
  beforeTable: 'FROM INTO UPDATE JOIN STRAIGHT_JOIN TABLE',
  verbBeforeTable: 'INSERT REPLACE DELETE TRUNCATE MERGE COPY DESCRIBE DESC',
  beforeName:
    'ONLY IF NOT EXISTS LATERAL TABLE INTO FROM OR BULK LOW_PRIORITY HIGH_PRIORITY DELAYED QUICK IGNORE AS',
  isVerb: 'SELECT INSERT UPDATE DELETE MERGE REPLACE',
  isQuery: 'SELECT INSERT UPDATE DELETE MERGE WITH VALUES',
  endsTables:
    'WHERE GROUP ORDER HAVING LIMIT OFFSET FETCH FOR WINDOW UNION INTERSECT EXCEPT MINUS SET VALUES RETURNING SELECT WHEN QUALIFY',
  beforeUpdateClause: 'FOR DO KEY ON OR BEFORE AFTER THEN OF',
  hasNoTables: 'FETCH MOVE DECLARE REVOKE GRANT SHOW',
  isDefinition: 'CREATE ALTER DROP',
  // Words that `SqlReader` compares by their text.
  other:
    'AS ON BY IS NOT DISTINCT USING OUTFILE DUMPFILE INDEX VIEW EXPLAIN ANALYZE CALL BEGIN TRUE FALSE WITH TRIGGER PROCEDURE FUNCTION',
} as const;

/** By the word in upper case and in lower case. */
const KEYWORDS = new Map<string, Keyword>();
for (const text of new Set(Object.values(LISTS).join(' ').split(' '))) {
  const isIn = (list: keyof typeof LISTS) => LISTS[list].split(' ').includes(text);
  const keyword: Keyword = {
    text,
    beforeTable: isIn('beforeTable'),
    verbBeforeTable: isIn('verbBeforeTable'),
    beforeName: isIn('beforeName'),
    isVerb: isIn('isVerb'),
    isQuery: isIn('isQuery'),
    endsTables: isIn('endsTables'),
    beforeUpdateClause: isIn('beforeUpdateClause'),
    hasNoTables: isIn('hasNoTables'),
    isDefinition: isIn('isDefinition'),
  };
  KEYWORDS.set(text, keyword);
  KEYWORDS.set(text.toLowerCase(), keyword);
}

const MAX_CHARS = 13;

/** The keyword that a word is, in any case. */
export function keywordOf(word: string): Keyword | undefined {
  const known = KEYWORDS.get(word);
  if (known !== undefined || word.length > MAX_CHARS || !/^[a-z]*[A-Z]/.test(word)) return known;
  return KEYWORDS.get(word.toUpperCase());
}
