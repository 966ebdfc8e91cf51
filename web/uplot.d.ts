// The types of uplot.js, which the build puts beside the page's modules.
import uPlot from 'uplot';
export default uPlot;
