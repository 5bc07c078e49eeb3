import { mergeRptContexts, type RptContext } from '../../../lib/uma/guard/rpt-context.js';

const view = { resource_id: 'a', resource_scopes: ['view'] };
const edit = { resource_id: 'b', resource_scopes: ['edit'] };

describe('mergeRptContexts', () => {
  it.each<[string, RptContext | undefined, RptContext, RptContext]>([
    [
      'the first context unchanged',
      undefined,
      { permissions: [view], sub: 'zoe' },
      { permissions: [view], sub: 'zoe' },
    ],
    [
      'each permission once',
      { permissions: [view] },
      { permissions: [edit, view] },
      { permissions: [view, edit] },
    ],
    ['no permissions if both contexts lack them', {}, {}, {}],
    [
      'the permissions of the earlier context only',
      { permissions: [view] },
      {},
      { permissions: [view] },
    ],
    [
      'the permissions of the last context only',
      {},
      { permissions: [view] },
      { permissions: [view] },
    ],
    ['an empty list of permissions', {}, { permissions: [] }, { permissions: [] }],
    ['the subject if both contexts have the same', { sub: 'zoe' }, { sub: 'zoe' }, { sub: 'zoe' }],
    ['no subject if they differ', { sub: 'zoe' }, { sub: 'yan' }, {}],
    ['no subject if the last context has none', { sub: 'zoe' }, {}, {}],
    ['no subject if the earlier context has none', {}, { sub: 'zoe' }, {}],
  ])('returns %s', (_, earlier, last, merged) => {
    expect(mergeRptContexts(earlier, last)).toEqual(merged);
  });
});
