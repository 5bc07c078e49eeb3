import { NeedInfoError } from '../../lib/base/errors.js';
import { toUmaError } from '../../lib/commands/rpt-error-response.js';
import { MAX_TICKET_LENGTH } from '../../lib/base/limits.js';
import { isTicket } from '../../lib/base/uma-tokens.js';
import { parseChallenge } from '../../lib/uma/challenge/challenge-parser.js';
import { challengeOf } from '../../lib/uma/guard/denial-challenge.js';

const rows: { name: string; ticket: string; isValid: boolean }[] = [
  { name: 'letters', ticket: 'ticket-1', isValid: true },
  { name: 'a blank inside', ticket: 'a b', isValid: true },
  { name: 'quotes and backslashes', ticket: 'a"b\\c', isValid: true },
  { name: 'the longest ticket', ticket: 'x'.repeat(MAX_TICKET_LENGTH), isValid: true },
  { name: 'one character more', ticket: 'x'.repeat(MAX_TICKET_LENGTH + 1), isValid: false },
  { name: 'an empty string', ticket: '', isValid: false },
  { name: 'blanks only', ticket: '  ', isValid: false },
  { name: 'a line break', ticket: 'a\r\nb', isValid: false },
  { name: 'a tab', ticket: 'a\tb', isValid: false },
  { name: 'a letter outside ASCII', ticket: 'é', isValid: false },
];

describe('a permission ticket', () => {
  it.each(rows)('of $name is judged alike everywhere: $isValid', ({ ticket, isValid }) => {
    expect(isTicket(ticket)).toBe(isValid);
    const challenge = challengeOf(
      { access: 'denied', ticket },
      { realm: 'rs', op_host: 'https://as.example.com' },
    );
    expect(challenge !== undefined).toBe(isValid);
    const quoted = ticket.replace(/["\\]/g, '\\$&');
    expect(parseChallenge(challenge ?? `UMA ticket="${quoted}"`)?.ticket === ticket).toBe(isValid);
    const answer = { status: 403, body: { error: 'need_info', ticket } };
    expect(toUmaError(answer, { submit: false }) instanceof NeedInfoError).toBe(isValid);
  });
});
