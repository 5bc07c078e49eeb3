import { evaluate, scopeExpression } from '../../../lib/embedded/resources/scope-expression.js';
import type { ScopeExpression } from '../../../lib/commands/uma.js';
import { FakeAs } from '../../support/fake-as.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { rsSite } from '../../support/uma-site.js';

const data = ['read', 'add', 'all'];
const v = (place: number) => ({ var: place });

const GOOD: readonly [string, object, string[][], string[][]][] = [
  ['one scope', v(0), [['read'], data], [['add', 'all'], []]],
  ['an index in a list', { var: [1] }, [['add']], [['read']]],
  ['or', { or: [v(0), v(1)] }, [['read'], ['add']], [['all'], ['Read'], ['reading'], ['rea']]],
  ['and', { and: [v(0), v(1)] }, [['read', 'add']], [['read'], ['add', 'all']]],
  [
    'oxd’s example',
    { and: [{ or: [v(0), v(1)] }, v(2)] },
    [
      ['read', 'all'],
      ['add', 'all'],
    ],
    [['read', 'add'], ['all']],
  ],
  ['if', { if: [v(0), v(1), v(2)] }, [['all'], ['read', 'add']], [['read', 'all'], ['add']]],
  [
    '! within a choice',
    { or: [v(2), { and: [v(0), { '!': v(1) }] }] },
    [['all'], ['read']],
    [['read', 'add']],
  ],
  [
    'two of three',
    { '>=': [{ '+': data.map((_, place) => ({ if: [v(place), 1, 0] })) }, 2] },
    [['read', 'add'], ['add', 'all'], data],
    [['read'], ['all'], []],
  ],
  ['a choice that ends in a number', { if: [v(0), true, 0] }, [['read']], [['add'], []]],
  ['a comparison', { '===': [v(0), true] }, [['read']], [['add']]],
];

it.each(GOOD)('a rule is evaluated: %s', (_, rule, enough, notEnough) => {
  const expression = scopeExpression({ rule, data }) as ScopeExpression;
  expect(expression).toEqual({ rule, data });
  const isTrue = (scopes: string[]): boolean =>
    evaluate(expression, (scope) => scopes.includes(scope));
  expect(enough.map(isTrue)).toEqual(enough.map(() => true));
  expect(notEnough.map(isTrue)).toEqual(notEnough.map(() => false));
});

const deep = (depth: number): object => (depth === 0 ? v(0) : { and: [deep(depth - 1)] });

const BAD: readonly [string, unknown][] = [
  ['a string', JSON.stringify({ rule: v(0), data })],
  ['a list', [v(0)]],
  ['no data', { rule: v(0) }],
  ['empty data', { rule: v(0), data: [] }],
  ['data that is a string', { rule: v(0), data: 'read' }],
  ['data with a number', { rule: v(0), data: ['read', 1] }],
  ['data with an empty scope', { rule: v(0), data: ['read', ' '] }],
  ['no rule', { data }],
  ['a rule that is a string', { rule: 'read', data }],
  ['a rule that is true', { rule: true, data }],
  ['an empty rule', { rule: {}, data }],
  ['a rule with two operators', { rule: { or: [v(0)], and: [v(1)] }, data }],
  ['an unknown operator', { rule: { oneOf: [v(0)] }, data }],
  [
    'an unknown operator in a branch not taken',
    { rule: { or: [v(0), { and: [v(1), { x: [] }] }] }, data },
  ],
  ['an operator of a prototype', { rule: { constructor: [v(0)] }, data }],
  ['an operator with a dot', { rule: { 'cat.constructor': ['x'] }, data }],
  ['log, which prints', { rule: { or: [v(0), { log: 'x' }] }, data }],
  ['some, which redefines var', { rule: { some: [data, { var: '' }] }, data }],
  ['an index out of range', { rule: v(3), data }],
  ['an index out of range in an optional branch', { rule: { or: [v(0), v(3)] }, data }],
  ['a fractional index in an optional branch', { rule: { or: [v(0), v(0.5)] }, data }],
  ['an index as a string', { rule: { var: '1' }, data }],
  [
    'two operators that count as true',
    { rule: { and: [{ or: [v(0)], and: [v(1)] }, v(2)] }, data },
  ],
  ['a negative index', { rule: v(-1), data }],
  ['a fractional index', { rule: v(0.5), data }],
  ['a scope as an index', { rule: { var: 'read' }, data }],
  ['the length', { rule: { '===': [{ var: 'length' }, 3] }, data }],
  ['the whole data', { rule: { var: '' }, data }],
  ['an index with a default', { rule: { var: [7, true] }, data }],
  ['a computed index', { rule: { var: [{ '+': [0, 1] }] }, data }],
  ['a rule that is never true', { rule: { and: [v(0), { '!': v(0) }] }, data }],
  ['a rule that is false with every scope', { rule: { '!': v(0) }, data }],
  ['a rule that is always true', { rule: { or: [v(0), true] }, data }],
  ['a rule that is true without scopes', { rule: { '==': [v(0), v(1)] }, data }],
  ['a rule that is not boolean', { rule: { if: [v(0), 1, 0] }, data }],
  ['a rule that is nested too deeply', { rule: deep(40), data }],
];

it.each(BAD)('rejects %s', (_, expression) => {
  expect(scopeExpression(expression)).toEqual(expect.any(String));
});

it('accepts a nested rule', () => {
  expect(scopeExpression({ rule: deep(14), data })).toEqual({ rule: deep(14), data });
});

describe('uma_rs_protect', () => {
  let as: FakeAs;
  beforeAll(async () => {
    as = await FakeAs.start();
  });
  afterAll(() => as.close());
  beforeEach(() => as.reset());
  afterEach(() => TestTransport.closeAll());

  const condition = (scope_expression: unknown) =>
    ({ httpMethods: ['GET'], scope_expression }) as { httpMethods: string[] };

  it('rejects an invalid expression before a request is sent', async () => {
    const transport = new TestTransport();
    const oxd_id = await rsSite(transport, as);
    const resources = [{ path: '/e', conditions: [condition({ rule: { x: 1 }, data })] }];
    const error = await rejectionOf(transport.run('uma_rs_protect', { oxd_id, resources }));
    expect(error).toMatchObject({ error: 'invalid_scope_expression', mayHaveRun: false });
    expect(error.message).toContain('resources[0].conditions[0].scope_expression: each object');
    expect(as.op.requests).toHaveLength(0);
  });

  it.each([
    ['gluu', JSON.stringify({ rule: { or: [v(0), v(1)] }, data })],
    ['janssen', JSON.stringify({ rule: { or: [v(0), v(1)] }, data })],
    ['keycloak', undefined],
    ['spec', undefined],
    ['solidlab', undefined],
  ] as const)('tells %s the scopes, and the expression as %p', async (vendor, text) => {
    as.reset(vendor);
    const transport = new TestTransport();
    const oxd_id = await rsSite(transport, as);
    const conditions = [condition({ rule: { or: [v(0), v(1)] }, data })];
    await transport.run('uma_rs_protect', { oxd_id, resources: [{ path: '/e', conditions }] });
    expect([...as.resources.values()]).toEqual([
      { name: '[GET] /e', resource_scopes: data, ...(text && { scope_expression: text }) },
    ]);
  });
});
