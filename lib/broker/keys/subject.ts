/** Who a key works for; every field optional. */
export interface Subject {
  tenant_id?: string;
  user_id?: string;
  run_id?: string;
  tool?: string;
}
