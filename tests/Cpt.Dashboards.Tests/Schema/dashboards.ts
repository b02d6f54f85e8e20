// What a dashboard of ours is, in Grafana's own types: those of the whole, and of each kind of panel its options and its field settings.
import type * as g from '@grafana/schema';
import type * as barchart from '@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as statetimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** Of a Prometheus data source; the schema package leaves it to the plugin. */
interface PrometheusQuery extends g.DataQuery {
  expr: string;
  editorMode?: 'code';
  format?: 'table';
  instant?: boolean;
  range?: boolean;
  interval?: string;
  legendFormat?: string;
}

interface PrometheusAnnotations extends g.AnnotationQuery<PrometheusQuery> {
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
  useValueForTime?: boolean;
}

interface PanelOf<Type extends string, Options, Custom = never> extends Omit<g.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Type;
  title: string;
  description: string;
  gridPos: g.GridPos;
  targets: PrometheusQuery[];
  options: Options;
  fieldConfig: {
    defaults: Omit<g.FieldConfig, 'custom'> & { custom?: Custom };
    overrides: { matcher: g.MatcherConfig; properties: { id: string; value?: unknown }[] }[];
  };
}

type Panel =
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | PanelOf<'stat', stat.Options>
  | PanelOf<'table', table.Options, table.FieldConfig>
  | PanelOf<'bargauge', bargauge.Options>
  | PanelOf<'barchart', barchart.Options, barchart.FieldConfig>
  | PanelOf<'state-timeline', statetimeline.Options, statetimeline.FieldConfig>
  | g.RowPanel;

interface Dashboard extends Omit<g.Dashboard, 'panels' | 'annotations'> {
  uid: string;
  panels: Panel[];
  annotations: { list: (g.AnnotationQuery | PrometheusAnnotations)[] };
}

/** JSON has the values of enumerations where TypeScript wants their members. */
type Json<T> = unknown extends T ? T
  : T extends string ? `${T}`
  : T extends number | boolean | null | undefined ? T
  : T extends (infer Item)[] ? Json<Item>[]
  : { [Key in keyof T]: Json<T[Key]> };

export type DashboardJson = Json<Dashboard>;
