import { mergeRptContexts, type RptContext } from '../../../lib/uma/guard/rpt-context.js';

const view = { resource_id: 'a', resource_scopes: ['view'] };
const edit = { resource_id: 'b', resource_scopes: ['edit'] };

describe('mergeRptContexts', () => {
  it.each<[string, RptContext[], RptContext]>([
    ['an empty context from an empty list', [], {}],
    [
      'a single context unchanged',
      [{ permissions: [view], sub: 'zoe' }],
      { permissions: [view], sub: 'zoe' },
    ],
    [
      'each permission once',
      [{ permissions: [view] }, { permissions: [edit, view] }],
      { permissions: [view, edit] },
    ],
    ['no permissions if every context lacks them', [{}, {}], {}],
    ['an empty list of permissions', [{ permissions: [] }], { permissions: [] }],
    ['the subject if all contexts have the same', [{ sub: 'zoe' }, { sub: 'zoe' }], { sub: 'zoe' }],
    ['no subject if they differ', [{ sub: 'zoe' }, { sub: 'yan' }], {}],
    ['no subject if one context has none', [{ sub: 'zoe' }, {}], {}],
  ])('returns %s', (_, contexts, merged) => {
    expect(mergeRptContexts(contexts)).toEqual(merged);
  });
});
