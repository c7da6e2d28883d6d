import { withoutQuotedValues } from '../../src/templates/database-message.ts';

describe('the error message of a database', () => {
  test.each<[string, string]>([
    ["Duplicate entry 'ann@s3cr3t' for key 'users.email'", "Duplicate entry '?' for key 'users.email'"],
    ["Duplicate entry 'it's s3cr3t' for key 'users.email'", "Duplicate entry '?' for key 'users.email'"],
    [
      "Duplicate entry 's3cr3t' for key 'a' s3cr3t' for key 'users.email'",
      "Duplicate entry '?' for key 'users.email'",
    ],
    ["Duplicate entry '4711-2026-01-02 03:04:05' for key 'PRIMARY'", "Duplicate entry '?' for key 'PRIMARY'"],
    ["Duplicate entry 's3cr3t' s3cr3t", "Duplicate entry '?'"],
    [
      "Incorrect integer value: 's3cr3t' for column 'id' at row 1",
      "Incorrect integer value: '?' for column 'id' at row 1",
    ],
    [
      "Incorrect integer value: 's3cr3t' for column `shop`.`songs`.`id` at row 1",
      "Incorrect integer value: '?' for column `shop`.`songs`.`id` at row 1",
    ],
    [
      "check the manual for the right syntax to use near 'FORM users WHERE a = 's3cr3t'' at line 1",
      "check the manual for the right syntax to use near '?' at line 1",
    ],
    [
      "BIGINT UNSIGNED value is out of range in '(`shop`.`songs`.`plays` - 4711)'",
      "BIGINT UNSIGNED value is out of range in '?'",
    ],
    ["XPATH syntax error: '\\s3cr3t'", "XPATH syntax error: '?'"],
    ["Truncated incorrect DOUBLE value: 's3cr3t'", "Truncated incorrect DOUBLE value: '?'"],
    ['invalid input syntax for type integer: "s3cr3t"', 'invalid input syntax for type integer: "?"'],
    ['invalid input syntax for type integer: "a" s3cr3t "b"', 'invalid input syntax for type integer: "?"'],
    ['invalid input value for enum mood: "s3cr3t"', 'invalid input value for enum mood: "?"'],
    ['invalid value for parameter "TimeZone": "s3cr3t"', 'invalid value for parameter "TimeZone": "?"'],
    ['malformed array literal: "{s3cr3t,"b"', 'malformed array literal: "?"'],
    ['value "4711471147" is out of range for type integer', 'value "?" is out of range for type integer'],
    ['time zone "s3cr3t" not recognized', 'time zone "?" not recognized'],
    ['syntax error at or near "s3cr3t"', 'syntax error at or near "?"'],
    ['unterminated quoted string at or near "\'s3cr3t"', 'unterminated quoted string at or near "?"'],
    ['near "s3cr3t": syntax error', 'near "?": syntax error'],
    ['unrecognized token: "\'s3cr3t"', 'unrecognized token: "?"'],
    [
      'no such column: "s3cr3t" - should this be a string literal in single-quotes?',
      'no such column: "?" - should this be a string literal in single-quotes?',
    ],
    [
      "Violation of UNIQUE KEY constraint 'UQ_email'. Cannot insert duplicate key in object 'dbo.users'. The duplicate key value is (s3cr3t).",
      "Violation of UNIQUE KEY constraint 'UQ_email'. Cannot insert duplicate key in object 'dbo.users'. The duplicate key value is (?)",
    ],
    [
      "Conversion failed when converting the varchar value 's3'cr3t' to data type int.",
      "Conversion failed when converting the varchar value '?' to data type int.",
    ],
    ["'s3cr3t' is not a valid month", "'?' is not a valid month"],
    ["it began with 's3cr3t and was cut", "it began with '?'"],
  ])('%s loses its values', (message, expected) => {
    expect(withoutQuotedValues(message)).toBe(expected);
  });

  test.each([
    'relation "songs" does not exist',
    'column "titel" of relation "songs" does not exist',
    'null value in column "id" of relation "songs" violates not-null constraint',
    'duplicate key value violates unique constraint "users_email_key"',
    'insert or update on table "a" violates foreign key constraint "a_b_fkey"',
    'prepared statement "s1" already exists',
    'column reference "id" is ambiguous',
    "Unknown column 'titel' in 'field list'",
    "Table 'shop.songs' doesn't exist",
    "Can't create database 'shop'; database exists",
    "Data too long for column 'title' at row 1",
    "Column 'id' cannot be null",
    'UNIQUE constraint failed: songs.title',
    'no such table: songs',
    "Invalid object name 'songs'.",
    'division by zero',
    '',
  ])('%s is unchanged', (message) => {
    expect(withoutQuotedValues(message)).toBe(message);
  });

  test('is cut between characters', () => {
    expect(withoutQuotedValues(`${'a'.repeat(4095)}🎵`)).toBe('a'.repeat(4095));
  });

  test('is searched in linear time, also if it is hostile', () => {
    for (const piece of [': "', "near '", "Duplicate entry '", "' for key ", '"', "'a ", ' value is ('])
      expect(withoutQuotedValues(piece.repeat(100_000)).length).toBeLessThanOrEqual(8192);
  });
});
